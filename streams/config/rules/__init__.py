"""The rules file, by which a company sets its own definitions; one module per part.

A part is a frozen dataclass and a `parse(table)` that makes it and ends with `finish`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from streams.alerts import AlertRules
from streams.config.rules import (
    alerts,
    calendar,
    catalogue,
    commission,
    definitions,
    dimensions,
    forecast,
    notify,
    page,
    pipelines,
)
from streams.config.rules.calendar import CalendarRules
from streams.config.rules.catalogue import CatalogueRules
from streams.config.rules.definitions import DefinitionRules
from streams.config.rules.forecast import ForecastRules
from streams.config.rules.kpi_modules import load_installed
from streams.config.rules.notify import NotifyRules
from streams.config.rules.page import PageRules
from streams.config.rules.pipelines import PipelineRules
from streams.config.rules.table import Table, open_table
from streams.engine.catalogue.definitions import OwnDimension
from streams.engine.catalogue.kpi import declared
from streams.engine.plans.commission import CommissionRule

__all__ = ["Rules", "Table", "parse", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Every part of the rules file; a missing part has its defaults."""

    catalogue: CatalogueRules = field(default_factory=CatalogueRules)
    definitions: DefinitionRules = field(default_factory=DefinitionRules)
    calendar: CalendarRules = field(default_factory=CalendarRules)
    alerts: AlertRules = field(default_factory=AlertRules)
    forecast: ForecastRules = field(default_factory=ForecastRules)
    pipelines: Mapping[str, PipelineRules] = field(default_factory=dict)
    dimensions: tuple[OwnDimension, ...] = ()
    commission: tuple[CommissionRule, ...] = ()
    notify: NotifyRules = field(default_factory=NotifyRules)
    page: PageRules = field(default_factory=PageRules)


def read(path: Path | None) -> Rules:
    """Read a rules file; None gives all defaults. Raises BadSetting with the line at fault.

    KPIs of installed packages are declared first, for rules may name them.
    """
    load_installed()
    return Rules() if path is None else parse(open_table(path))


def parse(table: Table) -> Rules:
    """Read the top table of a rules file. Raises BadSetting for an invalid rule.

    Rules may name the KPIs declared so far, and those of `kpi_modules`.
    """
    own = table.table("catalogue")
    # First of all, for other rules name KPIs, too.
    chosen = catalogue.parse(own)
    pay = commission.parse(table.tables("commission"), declared())
    rules = Rules(
        catalogue=chosen,
        definitions=definitions.parse(table.table("definitions")),
        calendar=calendar.parse(table.table("calendar")),
        alerts=alerts.parse(table.table("alerts")),
        forecast=forecast.parse(table.table("forecast")),
        pipelines=pipelines.parse(table.table("pipelines")),
        dimensions=dimensions.parse(table.table("dimensions")),
        commission=pay,
        notify=notify.parse(table.table("notify"), catalogue.published(chosen, pay)),
        page=page.parse(table.table("page")),
    )
    table.finish()
    catalogue.check_windows(own, chosen, pay)
    return rules
