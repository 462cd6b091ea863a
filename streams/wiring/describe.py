"""The catalogue and the settings in force, for people and programs that read KPIs."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from streams import kpis
from streams.config.rules import read
from streams.config.settings import Settings
from streams.engine.algebra.measures import SPREAD
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi
from streams.kpis import FILES

# What a number depends on. Every other setting says where things are and how they run, or is
# nobody's business.
TELLING = (
    "timezone",
    "currency",
    "week_start",
    "fiscal_start",
    "lateness_ms",
    "stale_days",
    "small_deal",
    "large_deal",
    "stage_probability",
    "stages",
    "churn_threshold",
    "churn_weights",
)
# The key of the settings beside those of the KPIs; no KPI may have this name.
SETTINGS = "settings"
OTHERWISE = "What is left out?"


def entries(catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    """Give what there is to know of every published KPI, by name; units are those of records."""
    currency = catalogue.definitions.currency
    units = {"money": f"money:{currency}", "money_per_day": f"money:{currency}/day"}
    return {
        kpi.name: {
            **kpi.entry(),
            "unit": units.get(kpi.unit, kpi.unit),
            "percentiles": list(percentiles(kpi)),
            "question": question(kpi),
        }
        for kpi in catalogue.published
    }


def in_force(settings: Settings) -> dict[str, Any]:
    """Give the settings that numbers depend on, those of the rules file under `rules`."""
    found = {name: getattr(settings, name) for name in TELLING}
    plain: dict[str, Any] = _plain({**found, "rules": asdict(read(settings.rules))})
    return plain


def questions(catalogue: Catalogue) -> dict[str, list[Kpi | Derived]]:
    """Group the published KPIs by the question they answer, in the order of the files."""
    found: dict[str, list[Kpi | Derived]] = {_first_line(file.__name__): [] for file in FILES}
    for kpi in catalogue.published:
        found.setdefault(question(kpi), []).append(kpi)
    return {asked: kpis for asked, kpis in found.items() if kpis}


def question(kpi: Kpi | Derived) -> str:
    """Say which question a KPI answers: that of the file which declares it."""
    module = (kpi.formula if isinstance(kpi, Derived) else kpi.facts).__module__
    return _first_line(module) if module.startswith(f"{kpis.__name__}.") else OTHERWISE


def percentiles(kpi: Kpi | Derived) -> tuple[str, ...]:
    """Name the percentiles that its records carry."""
    if isinstance(kpi, Derived):
        return kpi.percentiles
    return ("p50", "p90") if kpi.measure is SPREAD else ()


def _first_line(module: str) -> str:
    return (sys.modules[module].__doc__ or module).strip().partition("\n")[0]


def _plain(value: Any) -> Any:
    """Give what JSON can hold, in a stable order."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(_plain(each) for each in value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | str | float) else str(value)
