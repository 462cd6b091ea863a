"""Describes the catalogue and the settings in force to people and programs that read KPIs."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import UNPRICED_FACTS, Kpi
from streams.kpis import FILES
from streams.wiring.dependencies import depends_on

# The settings that numbers depend on. The others are about operation, or are secret.
DESCRIBED = (
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
# Who may look, and who is notified at which address, is no part of a definition.
UNDESCRIBED_RULES = ("notify", "page")
UNPRICED_QUESTION = "What is left out?"


def entries(catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    """Give the entry of every published KPI, by name; units are those of records."""
    currency = catalogue.definitions.currency
    units = {"money": f"money:{currency}", "money_per_day": f"money:{currency}/day"}
    return {
        kpi.name: {
            **kpi.entry(),
            "unit": units.get(kpi.unit, kpi.unit),
            "percentiles": list(kpi.percentiles),
            "question": question(kpi),
            "depends_on": depends_on(kpi),
        }
        for kpi in catalogue.published
    }


def in_force(settings: Settings, rules: Rules) -> dict[str, Any]:
    """Give the settings that numbers depend on, with the rules under `rules`."""
    found = {name: getattr(settings, name) for name in DESCRIBED}
    described = {
        name: each for name, each in asdict(rules).items() if name not in UNDESCRIBED_RULES
    }
    plain: dict[str, Any] = _plain({**found, "rules": described})
    return plain


def questions(catalogue: Catalogue) -> dict[str, list[Kpi | Derived]]:
    """Group the published KPIs by the question they answer, in the order of the modules."""
    found: dict[str, list[Kpi | Derived]] = {_first_line(file.__name__): [] for file in FILES}
    for kpi in catalogue.published:
        found.setdefault(question(kpi), []).append(kpi)
    return {asked: kpis for asked, kpis in found.items() if kpis}


def question(kpi: Kpi | Derived) -> str:
    """Give the question that a KPI answers: the docstring of the module that declares it."""
    if kpi.name == UNPRICED_FACTS.name:
        return UNPRICED_QUESTION
    return _first_line((kpi.evaluate if isinstance(kpi, Derived) else kpi.facts).__module__)


def _first_line(module: str) -> str:
    return (sys.modules[module].__doc__ or module).strip().partition("\n")[0]


def _plain(value: Any) -> Any:
    """Convert to what JSON can hold, in a stable order."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(_plain(each) for each in value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | str | float) else str(value)
