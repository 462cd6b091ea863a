"""The alerts in force: updated as event sets change, and as time passes.

An alert is a function of its event set and the clock, never of what was seen before: the same
events in any order give the same alerts at an instant.
"""

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

import orjson

from streams.engine.algebra.money import major
from streams.engine.catalogue.alert import (
    Holds,
    Kind,
    Rule,
)
from streams.engine.catalogue.catalogue import Catalogue
from streams.events.labels import join_names

# The heap is rebuilt when it has so many times the instants that are to come, and some more.
HEAP_FACTOR, HEAP_SLACK = 2, 1_000


class Alert(NamedTuple):
    """One alert as it is published."""

    number: int
    event_set: str
    within: str | None
    since: int
    rep: str
    amount: int | None
    channel: str

    @property
    def owner(self) -> str:
        """The subject of the event set."""
        return self.event_set.partition(":")[2]


class Span(NamedTuple):
    """An alert with the time in which it holds: without end if `until` is None."""

    start: int
    until: int | None
    alert: Alert


class AlertEvaluator:
    """The alerts of one partition's event sets, for the rules of the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._calendar = catalogue.calendar
        self._currency = catalogue.definitions.currency
        self._watched = catalogue.alerts
        self._readers: dict[
            type, list[tuple[int, Callable[[Any, Any], Any], Rule, int | None]]
        ] = {}
        for number, (kind, rule) in enumerate(self._watched):
            reader = number, kind.holds, rule, rule.max_age_ms
            self._readers.setdefault(kind.reads, []).append(reader)
        self._spans: dict[str, tuple[Span, ...]] = {}
        self._published: dict[str, dict[str, Alert]] = {}
        self._touched: set[str] = set()
        # The next instant at which something changes, one per event set; the heap has also what is
        # not to come any more.
        self._wakes: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []

    def update(
        self, event_set: str, entities: Iterable[tuple[type, list[Any]]], clock: int
    ) -> None:
        """Evaluate the entities of a changed event set; alerts that ended do not come back."""
        spans = self._spans_of(event_set, entities, clock)
        if spans:
            self._spans[event_set] = tuple(spans)
        elif event_set in self._spans:
            del self._spans[event_set]
        elif event_set not in self._published:
            return
        self._touched.add(event_set)

    def spans(self) -> Iterable[tuple[str, tuple[Span, ...]]]:
        """The spans by event set, some of which may be over."""
        return self._spans.items()

    def knows(self, event_set: str) -> bool:
        """Whether an event set has an alert that holds, or will, or that ended unnoticed."""
        return any(event_set in each for each in (self._spans, self._published, self._touched))

    def restore(self, event_set: str, spans: tuple[Span, ...]) -> None:
        """Restore the spans of an event set, as if it had been evaluated."""
        self._spans[event_set] = spans
        self._touched.add(event_set)

    def changed_alerts(self, clock: int) -> dict[str, bytes | None]:
        """The alerts that changed since the last call, by key; None for one that ended.

        A body is JSON without its closing brace, so that fields can be added.
        """
        while self._heap and self._heap[0][0] <= clock:
            at, event_set = heappop(self._heap)
            if self._wakes.get(event_set) == at:
                del self._wakes[event_set]
                self._touched.add(event_set)
        gone: dict[str, bytes | None] = {}
        raised: dict[str, bytes | None] = {}
        for event_set in self._touched:
            before, now = self._published.get(event_set, {}), self._current(event_set, clock)
            gone.update(dict.fromkeys(before.keys() - now.keys()))
            raised |= {key: self._body(a) for key, a in now.items() if before.get(key) != a}
            if now:
                self._published[event_set] = now
            else:
                self._published.pop(event_set, None)
        self._touched.clear()
        if len(self._heap) > HEAP_FACTOR * len(self._wakes) + HEAP_SLACK:
            self._heap = [(at, event_set) for event_set, at in self._wakes.items()]
            heapify(self._heap)
        return gone | raised

    def _spans_of(
        self, event_set: str, entities: Iterable[tuple[type, list[Any]]], clock: int
    ) -> list[Span]:
        """The spans of an event set that begin or end in the future; most are over."""
        spans: list[Span] = []
        for reads, values in entities:
            for number, holds_of, rule, max_age_ms in self._readers.get(reads, ()):
                for entity in values:
                    found = holds_of(entity, rule)
                    if found is None:
                        continue
                    for holds in (found,) if type(found) is Holds else found:
                        until = holds.until
                        if until is None or until > clock:
                            span = _span(number, event_set, holds, max_age_ms)
                            if _is_pending(span, clock):
                                spans.append(span)
        return spans

    def _current(self, event_set: str, clock: int) -> dict[str, Alert]:
        """The alerts of an event set that hold, by key; schedules its next change."""
        left = [span for span in self._spans.get(event_set, ()) if _is_pending(span, clock)]
        if left:
            self._spans[event_set] = tuple(left)
        else:
            self._spans.pop(event_set, None)
        changes = [at for span in left for at in span[:2] if at is not None and at > clock]
        wake = min(changes, default=None)
        if wake is None:
            # Most leads are answered long before their alert would be too old.
            self._wakes.pop(event_set, None)
        elif wake < self._wakes.get(event_set, wake + 1):
            self._wakes[event_set] = wake
            heappush(self._heap, (wake, event_set))
        return {self._key(span.alert): span.alert for span in left if span.start <= clock}

    def _kind(self, alert: Alert) -> Kind:
        return self._watched[alert.number][0]

    def _key(self, alert: Alert) -> str:
        return f"{self._kind(alert).name}|{subject(alert)}"

    def _body(self, alert: Alert) -> bytes:
        kind, rule = self._watched[alert.number]
        since = self._calendar.text(alert.since)
        amount = None if alert.amount is None else major(alert.amount, self._currency)
        text = kind.template.format(
            subject=subject(alert),
            owner=alert.owner,
            within=alert.within or "",
            since=since,
            amount="an unknown amount" if amount is None else f"{amount} {self._currency}",
            worth="" if amount is None else f" over {amount} {self._currency}",
            **rule.text_fields(),
        )
        fields = {
            "kind": kind.name,
            "subject": subject(alert),
            "rep": alert.rep or None,
            "since": since,
            "amount": amount,
            "currency": None if amount is None else self._currency,
            "rule": rule.thresholds(),
            "text": text,
        }
        if alert.channel:
            fields["channel"] = alert.channel
        return orjson.dumps(fields)[:-1]


def subject(alert: Alert) -> str:
    """The subject of an alert: `owner/within`, or one name where there are not two.

    A `/` inside a name is written `%2F`, so that no two entities share a subject.
    """
    if alert.within is None:
        return alert.owner
    parts = (alert.owner, alert.within) if alert.within != alert.owner else (alert.owner,)
    return join_names(*parts)


def _span(number: int, event_set: str, holds: Holds, max_age_ms: int | None) -> Span:
    since, until = holds.since, holds.until
    if max_age_ms is not None:
        oldest = since + max_age_ms
        until = oldest if until is None or until > oldest else until
    start = since if holds.start is None else holds.start
    alert = Alert(number, event_set, holds.within, since, holds.rep, holds.amount, holds.channel)
    return Span(start, until, alert)


def _is_pending(span: Span, clock: int) -> bool:
    until = span.until
    return until is None or (until > clock and until > span.start)
