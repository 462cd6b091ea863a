"""The operator's choice of KPIs and windows, and what of the catalogue it leaves."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from streams.engine.catalogue.derived import KINDS, Derived
from streams.engine.catalogue.kpi import Kpi

HOUR = "hour"
WINDOWS = (HOUR, *KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The KPIs and windows to publish; `kpis` None stands for all but those of `without`."""

    kpis: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    windows: tuple[str, ...] = WINDOWS

    def has(self, kpi: Kpi | Derived) -> bool:
        """Tell whether a KPI is chosen, and has any of the windows."""
        own = kinds_of(kpi)
        return self.names(kpi.name) and (not own or any(kind in own for kind in self.windows))

    def names(self, kpi: str) -> bool:
        """Tell whether a KPI is chosen by its name."""
        return kpi not in self.without if self.kpis is None else kpi in self.kpis


ALL = Choice()


def kinds_of(kpi: Kpi | Derived) -> tuple[str, ...]:
    """Give the kinds of windows that a KPI has records of."""
    if isinstance(kpi, Derived):
        return kpi.kinds
    return WINDOWS if kpi.hourly else KINDS


def chosen(
    choice: Choice, kpis: Iterable[Kpi], derived: Iterable[Derived]
) -> tuple[tuple[Kpi, ...], tuple[Derived, ...]]:
    """Give the chosen KPIs in their order, with hidden ones that they are derived from.

    The latter have only the scopes that are read.
    """
    left = tuple(_with_windows(kpi, choice.windows) for kpi in derived if choice.has(kpi))
    needed = _needed(left)
    found = []
    for kpi in kpis:
        if not kpi.is_hidden and choice.has(kpi):
            is_less = kpi.hourly and HOUR not in choice.windows
            found.append(replace(kpi, hourly=False) if is_less else kpi)
        elif kpi.name in needed:
            scopes = tuple(scope for scope in kpi.scopes if scope in needed[kpi.name])
            found.append(
                replace(
                    kpi,
                    is_hidden=True,
                    is_ingredient=not kpi.is_hidden,
                    hourly=False,
                    scopes=scopes,
                )
            )
    return tuple(found), left


def _with_windows(kpi: Derived, windows: Collection[str]) -> Derived:
    """Give a derived KPI with those of its kinds of windows."""
    kinds = tuple(kind for kind in kpi.kinds if kind in windows)
    return kpi if kinds == kpi.kinds else replace(kpi, kinds=kinds)


def _needed(derived: Iterable[Derived]) -> Mapping[str, set[str]]:
    """Give the KPIs that are read, by name, each with its scopes that are."""
    found: dict[str, set[str]] = {}
    for kpi in derived:
        for name in (*kpi.ingredients, *kpi.targets, *kpi.history):
            found.setdefault(name, set()).update(kpi.scopes, kpi.other_scopes)
    return found
