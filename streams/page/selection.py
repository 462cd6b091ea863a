"""The records that a request asks for: its parameters, checked, with the field named."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Protocol

from streams.output.keys import ALL, WINDOWS, RecordKey
from streams.page.refusals import bad_field

MOST_VALUES = 200
# Of days and instants: KPIs have no windows in others.
YEARS = (1971, 9_000)


class Parameters(Protocol):
    """The parameters of a query, which may be repeated."""

    def __iter__(self) -> Iterator[str]:
        """Give the names, repeated ones perhaps more than once."""

    def getall(self, name: str, default: Sequence[str], /) -> Sequence[str]:
        """Give all values of a name."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for: any of the values of each field; None stands for all there are."""

    kpis: frozenset[str] | None = None
    scopes: tuple[str, ...] | None = None
    windows: frozenset[str] | None = None
    starts: tuple[str, ...] | None = None

    def has(self, kpi: str, window: str, start: str) -> bool:
        """Return whether a record is asked for, apart from its scope."""
        return (
            (self.kpis is None or kpi in self.kpis)
            and (self.windows is None or window in self.windows)
            and (self.starts is None or any(is_start(each, start) for each in self.starts))
        )

    def has_key(self, at: RecordKey) -> bool:
        """Return whether a record is asked for, its scope included."""
        return (self.scopes is None or at.scope in self.scopes) and self.has(
            at.kpi, at.window, at.start
        )


def selection(query: Parameters, kpis: Collection[str], *further: str) -> Selection:
    """Read `kpi`, `scope`, `window` and those of `further` that select records.

    `kpis` are the names there are; other parameters than these and `further` are refused.
    """
    require_known(query, ("kpi", "scope", "window", *further))
    return Selection(
        kpis=_some(query, "kpi", lambda name: _check_kpi(name, kpis)),
        scopes=scopes_of(query),
        windows=_some(query, "window", check_window),
        starts=tuple(_checked(query, "start", check_start)) or None,
    )


def scopes_of(query: Parameters) -> tuple[str, ...] | None:
    """Read `scope`, None without one."""
    return tuple(_checked(query, "scope", _check_scope)) or None


def require_known(query: Parameters, known: Sequence[str]) -> None:
    """Refuse a parameter that means nothing here, which would seem to be obeyed."""
    for name in query:
        if name not in known:
            raise bad_field(name, f"there is no such parameter; known: {', '.join(known)}")


def one(query: Parameters, name: str, default: str | None = None) -> str | None:
    """Give a parameter that may be there once."""
    values = query.getall(name, ())
    if len(values) > 1:
        raise bad_field(name, "is given more than once")
    return values[0] if values else default


def day_or_instant(field: str, text: str) -> date | datetime:
    """Read an ISO date, or an RFC 3339 instant with its offset."""
    # A plus sign that is not escaped is a blank in a query.
    written = text.strip().replace(" ", "+")
    moment = _day(written) or _instant(written)
    if moment is None or not YEARS[0] <= moment.year <= YEARS[1]:
        wanted = "write a day, 2026-03-02, or an instant, 2026-03-02T09:15:00+01:00"
        raise bad_field(field, f"{text[:40]!r} is no time; {wanted}")
    return moment


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _instant(written: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def is_start(wanted: str, start: str) -> bool:
    """Return whether a window begins on a day, or at an instant, in the reporting zone."""
    if "T" not in wanted:
        return start.startswith(wanted)
    return datetime.fromisoformat(wanted) == datetime.fromisoformat(start)


def check_start(text: str) -> str:
    """Give a start in the one form in which it is compared."""
    return day_or_instant("start", text).isoformat()


def check_window(name: str) -> str:
    """Give a kind of window, or refuse it."""
    if name not in WINDOWS:
        raise bad_field("window", f"there is no window {name[:40]!r}; known: {', '.join(WINDOWS)}")
    return name


def _check_kpi(name: str, known: Collection[str]) -> str:
    if name not in known:
        close = get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise bad_field("kpi", f"there is no KPI {name[:40]!r}; /api/catalogue lists them{hint}")
    return name


def _check_scope(text: str) -> str:
    dimension, _, value = text.partition("=")
    if text != ALL and not (dimension and value):
        raise bad_field("scope", f"{text[:40]!r} is no scope; write all, or such as rep=ann")
    return text


def _some(query: Parameters, name: str, check: Callable[[str], str]) -> frozenset[str] | None:
    return frozenset(_checked(query, name, check)) or None


def _checked(query: Parameters, name: str, check: Callable[[str], str]) -> list[str]:
    values = query.getall(name, ())
    if len(values) > MOST_VALUES:
        raise bad_field(name, f"is given {len(values)} times; at most {MOST_VALUES}")
    return [check(value) for value in values]
