"""Composes the catalogue in force from the declarations, the settings and the rules."""

from functools import cache
from zoneinfo import available_timezones

from streams.alerts import watched
from streams.config.rules import Rules
from streams.config.rules.business import BusinessRules
from streams.config.settings import Settings
from streams.engine.calendars.calendar import Calendar
from streams.engine.calendars.working_hours import WorkingTime
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.choice import chosen
from streams.engine.catalogue.declare_derived import declared_derived
from streams.engine.catalogue.definitions import Definitions, StageTable
from streams.engine.catalogue.kpi import declared
from streams.engine.catalogue.own_dimensions import with_own_scopes
from streams.events import KnownNames
from streams.events.labels import label_of
from streams.journeys import (
    CARRIERS,
    entities_of,
    merge_target,
    route,
)
from streams.kpis import commission, forecast

DAY_MS = 86_400_000
NO_RULES = Rules()


def catalogue(settings: Settings, rules: Rules = NO_RULES) -> Catalogue:
    """Compose the declared KPIs and alerts under settings and rules; reads no file.

    Raises ValueError where the settings name a rules file and `rules` are left out: they would
    be ignored.
    """
    if settings.rules is not None and rules is NO_RULES:
        raise ValueError(f"the rules of {settings.rules} were not read")
    definitions = _definitions(settings, rules)
    made = (
        *declared_derived(),
        forecast.forecast(definitions, rules.forecast.floor, rules.forecast.seed),
        commission.commission(rules.commission, settings.currency),
    )
    kpis, derived = with_own_scopes(rules.dimensions, CARRIERS, declared(), made)
    choice = rules.catalogue.choice
    chosen_kpis, chosen_derived = chosen(choice, kpis, derived)
    return Catalogue(
        kpis=chosen_kpis,
        calendar=Calendar(
            settings.timezone,
            settings.week_start,
            settings.fiscal_start,
            rules.calendar.fiscal_calendar,
            choice.windows,
        ),
        definitions=definitions,
        route=route,
        entities_of=entities_of,
        merge_target=merge_target,
        alerts=watched(rules.alerts, definitions.stale_ms),
        off_pace=rules.alerts.target_off_pace,
        derived=chosen_derived,
        windows=choice.windows,
        declared=(*(kpi for kpi in kpis if not kpi.is_hidden), *derived),
    )


def known_names(catalogue: Catalogue) -> KnownNames:
    """What reference records may name: KPIs with their scopes, and time zones.

    Also KPIs that are not chosen: their targets are there once they are.
    """
    scopes = {kpi.name: kpi.published_scopes for kpi in catalogue.declared}
    return KnownNames(scopes, _timezones())


@cache
def _timezones() -> frozenset[str]:
    """All names of time zones; Python looks for them in hundreds of files."""
    return frozenset(available_timezones())


def _definitions(settings: Settings, rules: Rules) -> Definitions:
    """Merge both sources; stages of the rules replace those of the settings."""
    own = rules.definitions
    # Written as events have them.
    general = StageTable(
        tuple(label_of(stage) for stage in own.stages or settings.stages),
        {label_of(stage): chance for stage, chance in settings.stage_probability.items()},
    )
    return Definitions(
        currency=settings.currency,
        lateness_ms=settings.lateness_ms,
        stale_ms=settings.stale_days * DAY_MS,
        small_deal=settings.small_deal,
        large_deal=settings.large_deal,
        churn_threshold=settings.churn_threshold,
        churn_weights=settings.churn_weights,
        stages=general,
        pipelines={
            name: StageTable(
                general.stages if pipeline.stages is None else pipeline.stages,
                general.probability if pipeline.probability is None else pipeline.probability,
            )
            for name, pipeline in rules.pipelines.items()
        },
        choices=own.choices,
        own_dimensions=rules.dimensions,
        working=_working_time(own.business, settings.timezone) if own.business else None,
    )


def _working_time(rules: BusinessRules, timezone: str) -> WorkingTime:
    """Give the working time of the rules; `timezone` is that of reps without one."""
    return WorkingTime(timezone, rules.days, rules.begins, rules.ends, rules.is_holiday())
