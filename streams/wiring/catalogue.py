"""Builds the catalogue in force from the declarations, the settings and the rules file."""

from streams.alerts import watched
from streams.config.rules import Rules, read
from streams.config.rules.business import BusinessRules
from streams.config.settings import Settings
from streams.engine.calendars.calendar import Calendar
from streams.engine.calendars.working_hours import WorkingTime
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.declare_derived import declared_derived
from streams.engine.catalogue.definitions import Definitions
from streams.engine.catalogue.kpi import declared
from streams.journeys import (
    entities_of,
    merge_target,
    route,
)
from streams.kpis import commission, forecast


def catalogue(settings: Settings, rules: Rules | None = None) -> Catalogue:
    """Give the KPIs declared in this room under the definitions in force.

    `rules` stand in for the file that the settings name. Raises BadSetting for one that cannot
    be used.
    """
    rules = read(settings.rules) if rules is None else rules
    own = rules.definitions
    stale_ms = settings.stale_days * 86_400_000
    definitions = Definitions(
        currency=settings.currency,
        lateness_ms=settings.lateness_ms,
        stale_ms=stale_ms,
        small_deal=settings.small_deal,
        large_deal=settings.large_deal,
        stage_probability=dict(settings.stage_probability),
        stages=own.stages or settings.stages,
        choices=own.choices,
        working=working_time(own.business, settings.timezone) if own.business else None,
        churn_threshold=settings.churn_threshold,
        churn_weights=settings.churn_weights,
    )
    return Catalogue(
        kpis=declared(),
        calendar=Calendar(
            settings.timezone,
            settings.week_start,
            settings.fiscal_start,
            rules.calendar.fiscal_calendar,
        ),
        definitions=definitions,
        route=route,
        entities_of=entities_of,
        merge_target=merge_target,
        alerts=watched(rules.alerts, stale_ms),
        off_pace=rules.alerts.target_off_pace,
        derived=(
            *declared_derived(),
            forecast.foretold(definitions, rules.forecast.floor, rules.forecast.seed),
            commission.commission(rules.commission, settings.currency),
        ),
    )


def working_time(rules: BusinessRules, timezone: str) -> WorkingTime:
    """Give the working time that rules describe; reps without a zone work by the given one's."""
    return WorkingTime(timezone, rules.days, rules.begins, rules.ends, rules.is_holiday())
