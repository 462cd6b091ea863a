"""The table `[catalogue]`: which KPIs are counted, in which windows, and a company's own ones."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from streams.config.rules.kpi_modules import load
from streams.config.rules.notify.reports import PublishedKpi
from streams.config.rules.table import Table, nearest
from streams.engine.catalogue.choice import WINDOWS, Choice, kinds_of
from streams.engine.catalogue.declare_derived import declared_derived
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi, declared
from streams.engine.plans.commission import CommissionRule
from streams.kpis.commission import NAME as COMMISSION
from streams.kpis.forecast import NAME as FORECAST
from streams.kpis.forecast import WINDOWS as FORECAST_WINDOWS


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueRules:
    """The operator's choice, and the modules whose KPIs are added."""

    choice: Choice = field(default_factory=Choice)
    kpi_modules: tuple[str, ...] = ()


def parse(table: Table) -> CatalogueRules:
    """Read the table, and import the modules it names. Raises BadSetting for an invalid rule."""
    modules = table.options("kpi_modules", ())
    load(table, modules)
    known = _windows_of_kpis(())
    kpis = _names(table, "kpis", known) if table.has("kpis") else None
    if kpis is not None and table.has("without"):
        table.reject("without", "stands beside kpis", "name what is counted or what is not")
    without = _names(table, "without", known) if table.has("without") else ()
    windows = table.options("windows", WINDOWS, among=WINDOWS)
    table.finish()
    for key, names in (("kpis", kpis), ("windows", windows)):
        if names == ():
            table.reject(key, "is empty", "name at least one, or leave the key out")
    choice = Choice(kpis=kpis, without=without, windows=windows)
    return CatalogueRules(choice=choice, kpi_modules=modules)


def check_windows(table: Table, rules: CatalogueRules, pay: Iterable[CommissionRule]) -> None:
    """Reject a KPI that is named, and has none of the windows that are. Raises BadSetting."""
    choice, known = rules.choice, _windows_of_kpis(pay)
    for number, name in enumerate(choice.kpis or ()):
        own = known[name]
        if own and not set(own) & set(choice.windows):
            wrong = f'has "{name}", which has none of the windows: it has {", ".join(own)}'
            table.reject("kpis", wrong, "add one of them to windows, or leave the KPI out", number)


def published(rules: CatalogueRules, pay: Iterable[CommissionRule]) -> Mapping[str, PublishedKpi]:
    """Give what is published of every KPI that may be named, by name."""
    choice = rules.choice
    every: tuple[Kpi | Derived, ...] = (*declared(), *declared_derived())
    dimensions = {kpi.name: kpi.published_scopes for kpi in every}
    return {
        name: PublishedKpi(
            tuple(kind for kind in own if kind in choice.windows) if choice.names(name) else (),
            dimensions.get(name),
        )
        for name, own in _windows_of_kpis(pay).items()
    }


def _names(table: Table, key: str, known: Collection[str]) -> tuple[str, ...]:
    """Read names of KPIs; they are too many to be listed in an error."""
    found = table.options(key)
    for number, name in enumerate(found):
        if name not in known:
            do = f"`sales-kpis catalogue` lists the KPIs{nearest(name, known)}"
            table.reject(key, f'has "{name[:40]}", which is no KPI', do, number)
    return found


def _windows_of_kpis(pay: Iterable[CommissionRule]) -> Mapping[str, tuple[str, ...]]:
    """Give the windows of every KPI that may be named, by name."""
    public = [kpi for kpi in declared() if not kpi.is_hidden]
    return {
        **{kpi.name: kinds_of(kpi) for kpi in public},
        **{kpi.name: kinds_of(kpi) for kpi in declared_derived()},
        FORECAST: FORECAST_WINDOWS,
        COMMISSION: tuple(dict.fromkeys(rule.window for rule in pay)),
    }
