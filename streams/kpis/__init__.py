"""The catalogue: one file per question, declarations only."""

from streams.engine.calendar import Calendar
from streams.engine.catalogue import Catalogue, Definitions, declared
from streams.engine.deriving import declared_derived
from streams.journeys import place, view
from streams.kpis import (
    activities,
    answering,
    customers,
    delivering,
    derived,
    emailing,
    following_up,
    funnel,
    marketing,
    money_in,
    pipeline,
    prospecting,
    quoting,
    selling,
)
from streams.settings import Settings

# Importing a file declares its KPIs; a new file is named here and nowhere else.
FILES = (
    answering,
    following_up,
    emailing,
    activities,
    selling,
    pipeline,
    funnel,
    quoting,
    marketing,
    prospecting,
    customers,
    money_in,
    delivering,
    derived,
)

__all__ = ["FILES", "catalogue"]


def catalogue(settings: Settings) -> Catalogue:
    """Give the KPIs declared in this room under the definitions in force."""
    return Catalogue(
        kpis=declared(),
        calendar=Calendar(settings.timezone, settings.week_start, settings.fiscal_start),
        definitions=Definitions(
            currency=settings.currency,
            lateness_ms=settings.lateness_ms,
            stale_ms=settings.stale_days * 86_400_000,
            small_deal=settings.small_deal,
            large_deal=settings.large_deal,
            stage_probability=dict(settings.stage_probability),
            stages=settings.stages,
            churn_threshold=settings.churn_threshold,
            churn_weights=settings.churn_weights,
        ),
        place=place,
        view=view,
        derived=declared_derived(),
    )
