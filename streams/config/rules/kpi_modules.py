"""Imports the modules that declare a company's own KPIs."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from streams.config.declaration import BadSetting
from streams.config.rules.table import Table
from streams.engine.catalogue.catalogue import SETTINGS
from streams.engine.catalogue.declare_derived import declared_derived
from streams.engine.catalogue.kpi import declared
from streams.kpis.commission import NAME as COMMISSION
from streams.kpis.forecast import NAME as FORECAST

ENTRY_POINTS = "sales_kpi_streams.kpis"


class _BadModule(Exception):
    """A module that cannot be used; the message is what follows its name."""


def load(table: Table, modules: Iterable[str]) -> None:
    """Import the modules of the rules file. Raises BadSetting for one that cannot be used."""
    for number, name in enumerate(modules):
        try:
            _load(name)
        except _BadModule as error:
            do = "install it where workers and gateway run, or mend it"
            table.reject("kpi_modules", f'has "{name}", {error}', do, number)


def load_installed() -> None:
    """Import what installed packages offer. Raises BadSetting for what cannot be used."""
    for each in _offered():
        try:
            _load(each.module)
        except _BadModule as error:
            package = each.dist.name if each.dist else "a package"
            raise BadSetting(
                f"{package} offers KPIs in {each.module!r}, {error}; mend or uninstall it"
            ) from error


@cache
def _offered() -> tuple[EntryPoint, ...]:
    """What installed packages offer; Python looks for it in the files of all packages."""
    found = entry_points(group=ENTRY_POINTS)
    # The order of packages on the disk is not the same on every machine.
    return tuple(sorted(found, key=lambda each: (each.name, each.value)))


def _load(name: str) -> None:
    try:
        import_module(name)
    except Exception as error:
        # Whatever a module of somebody else raises is one clear line.
        raise _BadModule(f"which cannot be imported: {type(error).__name__}: {error}") from error
    names = [kpi.name for kpi in declared()] + [kpi.name for kpi in declared_derived()]
    times = Counter((*names, FORECAST, COMMISSION, SETTINGS))
    twice = [name for name, count in times.items() if count > 1]
    if twice:
        raise _BadModule(f"which declares {twice[0]!r}: there is one of this name")
