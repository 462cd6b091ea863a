"""Which alerts stand: told of rows as they change, and asked as time passes.

An alert is a function of its row and the clock, never of what was seen before: whoever folds
the same events by another way, or all at once, has the same alerts standing at an instant.
"""

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import Any, NamedTuple

import orjson

from streams.engine.algebra.money import major
from streams.engine.catalogue.alert import (
    Holds,
    Kind,
    Rule,
)
from streams.engine.catalogue.catalogue import Catalogue


class Alert(NamedTuple):
    """One alert as readers are told of it."""

    number: int
    owner: str
    within: str | None
    since: int
    rep: str
    amount: int | None


class Span(NamedTuple):
    """An alert and the time it is for: `until` None is for good."""

    start: int
    until: int | None
    alert: Alert


class Standing:
    """The alerts of one shard's rows."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Watch for the catalogue's alerts; know no row yet."""
        self._calendar = catalogue.calendar
        self._currency = catalogue.definitions.currency
        self._watched = catalogue.alerts
        self._readers: dict[
            type, list[tuple[int, Callable[[Any, Any], Any], Rule, int | None]]
        ] = {}
        for number, (kind, rule) in enumerate(self._watched):
            reader = number, kind.holds, rule, rule.max_age_ms
            self._readers.setdefault(kind.reads, []).append(reader)
        self._spans: dict[str, list[Span]] = {}
        self._shown: dict[str, dict[str, Alert]] = {}
        self._touched: set[str] = set()
        # At most one instant counts for each row, the next at which something of it changes.
        self._wakes: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []

    def look(self, row: str, things: Iterable[tuple[type, list[Any]]], clock: int) -> None:
        """Take a row as it is now; what has ended by the clock will not come back."""
        spans = self._read(row, things, clock)
        if spans:
            self._spans[row] = spans
        elif row in self._spans:
            del self._spans[row]
        elif row not in self._shown:
            return
        self._touched.add(row)

    def changes(self, clock: int) -> dict[str, bytes | None]:
        """Give what changed since the last call, by key; None for what holds no more.

        A body is JSON without its closing brace, so that fields can be added.
        """
        while self._heap and self._heap[0][0] <= clock:
            at, row = heappop(self._heap)
            if self._wakes.get(row) == at:
                del self._wakes[row]
                self._touched.add(row)
        gone: dict[str, bytes | None] = {}
        raised: dict[str, bytes | None] = {}
        for row in self._touched:
            before, now = self._shown.get(row, {}), self._now(row, clock)
            gone.update(dict.fromkeys(before.keys() - now.keys()))
            raised |= {key: self._body(a) for key, a in now.items() if before.get(key) != a}
            if now:
                self._shown[row] = now
            else:
                self._shown.pop(row, None)
        self._touched.clear()
        return gone | raised

    def _read(self, row: str, things: Iterable[tuple[type, list[Any]]], clock: int) -> list[Span]:
        """Give what is still to come or to end of a row; most of a row is over."""
        spans: list[Span] = []
        for reads, members in things:
            for number, holds_of, rule, max_age_ms in self._readers.get(reads, ()):
                for thing in members:
                    found = holds_of(thing, rule)
                    if found is None:
                        continue
                    for holds in (found,) if type(found) is Holds else found:
                        until = holds.until
                        if until is None or until > clock:
                            span = _span(number, row, holds, max_age_ms)
                            if _is_left(span, clock):
                                spans.append(span)
        return spans

    def _now(self, row: str, clock: int) -> dict[str, Alert]:
        """Give what holds of a row, and see to it that the row is looked at again in time."""
        left = [span for span in self._spans.get(row, ()) if _is_left(span, clock)]
        if left:
            self._spans[row] = left
        else:
            self._spans.pop(row, None)
        turns = [at for span in left for at in span[:2] if at is not None and at > clock]
        wake = min(turns, default=None)
        if wake is not None and wake < self._wakes.get(row, wake + 1):
            self._wakes[row] = wake
            heappush(self._heap, (wake, row))
        return {self._key(span.alert): span.alert for span in left if span.start <= clock}

    def _kind(self, alert: Alert) -> Kind:
        return self._watched[alert.number][0]

    def _key(self, alert: Alert) -> str:
        return f"{self._kind(alert).name}|{subject(alert)}"

    def _body(self, alert: Alert) -> bytes:
        kind, rule = self._watched[alert.number]
        since = self._calendar.text(alert.since)
        amount = None if alert.amount is None else major(alert.amount, self._currency)
        text = kind.says.format(
            subject=subject(alert),
            owner=alert.owner,
            within=alert.within or "",
            since=since,
            amount="an unknown amount" if amount is None else f"{amount} {self._currency}",
            worth="" if amount is None else f" over {amount} {self._currency}",
            **rule.words(),
        )
        body = orjson.dumps(
            {
                "kind": kind.name,
                "subject": subject(alert),
                "rep": alert.rep or None,
                "since": since,
                "amount": amount,
                "currency": None if amount is None else self._currency,
                "rule": rule.thresholds(),
                "text": text,
            }
        )
        return body[:-1]


def subject(alert: Alert) -> str:
    """Name what an alert is about: `owner/within`, or one name where there are not two.

    A `/` inside a name is written `%2F` there, so that no two things share a subject.
    """
    if alert.within is None:
        return alert.owner
    parts = (alert.owner, alert.within) if alert.within != alert.owner else (alert.owner,)
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)


def _span(number: int, row: str, holds: Holds, max_age_ms: int | None) -> Span:
    since, until = holds.since, holds.until
    if max_age_ms is not None:
        oldest = since + max_age_ms
        until = oldest if until is None or until > oldest else until
    start = since if holds.start is None else holds.start
    owner = row.partition(":")[2]
    return Span(start, until, Alert(number, owner, holds.within, since, holds.rep, holds.amount))


def _is_left(span: Span, clock: int) -> bool:
    until = span.until
    return until is None or (until > clock and until > span.start)
