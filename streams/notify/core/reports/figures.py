"""What reports need of `sales.kpis`: a window's values, and those of the window before."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from msgspec import Struct, json

from streams.engine.calendars.calendar import Window
from streams.output.keys import LEVELS, parse_key

Value = str | int | float
ISO_DAY = len("2026-03-02")
# What grows with every fact: without a record there were none.
COUNTED = frozenset({"count", "sum", "counts"})


class Parts(Struct, frozen=True):
    """The two numbers of a share, where a KPI is one."""

    hits: int | None = None
    total: int | None = None


class Percentiles(Struct, frozen=True):
    """In milliseconds."""

    p50: int | None = None
    p90: int | None = None


class Figure(Struct, frozen=True):
    """A record of `sales.kpis`, as far as reports need it; `previous` is of the window before."""

    value: Value | None
    previous: Value | None = None
    target: Value | None = None
    met: bool | None = None
    parts: Parts = Parts()
    percentiles: Percentiles = Percentiles()


NOTHING = Figure(None)
_decoder = json.Decoder(Figure)


class Asked(NamedTuple):
    """What one report is of.

    Attributes:
        kpis: The kind of parts of each KPI's records, by name.
        scopes: As in keys.
        window: Of which the values are.
        before: The window before it.
    """

    kpis: dict[str, str]
    scopes: Collection[str]
    window: Window
    before: Window


class Figures:
    """A view of `sales.kpis` with what one report is of; see `streams.output.reader.View`."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._scopes = frozenset(asked.scopes)
        self._last, self._before = (
            date.fromordinal(each.start).isoformat() for each in (asked.window, asked.before)
        )
        self._found: dict[tuple[str, str], dict[str, Figure]] = defaultdict(dict)

    def update(self, key: str, record: bytes | None) -> None:
        """Replace a record; None removes it. Raises msgspec.DecodeError for what is none."""
        # Most records are of other KPIs.
        kind = self._asked.kpis.get(key.partition("|")[0])
        if kind is None:
            return
        parts = parse_key(key)
        start = parts.start[:ISO_DAY]
        if parts.window != self._asked.window.kind or parts.scope not in self._scopes:
            return
        if start > self._last or (start < self._before and kind not in LEVELS):
            return
        found = self._found[parts.kpi, parts.scope]
        if record is None:
            found.pop(start, None)
        else:
            found[start] = _decoder.decode(record)

    def figure(self, kpi: str, scope: str) -> Figure:
        """Return what there is of a KPI and a scope in the window."""
        found = self._found.get((kpi, scope), {})
        if self._last in found:
            return found[self._last]
        kind = self._asked.kpis[kpi]
        if kind in LEVELS:
            held = found[max(found)].value if found else None
            return Figure(held, previous=held)
        before = found.get(self._before, NOTHING).value
        if kind in COUNTED:
            return Figure(0, previous=0 if before is None else before)
        return Figure(None, previous=before)
