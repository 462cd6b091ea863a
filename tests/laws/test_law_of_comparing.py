"""Whoever takes over the output ends with a recomputation, whatever an earlier owner left there.

As the merge task has it: rounds are begun and broken off, more events come meanwhile, and the
published keys that no round has given are looked for at some moment, early or late.
"""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.merger import Merger
from tests.histories.strategies import nows, settings_of_reporting, small_histories
from tests.laws.published import EventDict, Reader, bodies
from tests.laws.test_law_of_sets import Stream

# No such KPI, dimension, window or instant, and what is no key at all.
STRANGE = (
    *("no_such_kpi|all|day|2026-03-01T00:00:00+00:00", "lead_count|shoe=7|day|2026-03-01"),
    *("lead_count|all|decade|2026-03-01T00:00:00+00:00", "lead_count|all|day|2026-03-01"),
    *("lead_count|all|day|soon", "lead_count|all|day|9999-12-31T00:00:00+00:00", "old", ""),
    "lead_count|all|week|2026-03-03T00:00:00+00:00",
)


class Owner:
    """A new owner of the output, who has compared nothing of it yet."""

    def __init__(self, reader: Reader) -> None:
        """Find what readers have."""
        self.reader = reader
        self.uncompared = set(reader.records)

    def write(self, merger: Merger, priority: Priority | None, scopes: int, limit: int) -> None:
        """Write a part of a round."""
        for name, body, _ in merger.begin_round(priority, scopes).next_batch(limit):
            self.uncompared.discard(name)
            self.reader.records.pop(name, None)
            if body is not None:
                self.reader.records[name] = body

    def ask_for_rest(self, mergers: list[Merger]) -> None:
        """Ask mergers for what no round has given; remove what none can give."""
        for name in set.intersection(*(set(it.reconcile(self.uncompared)) for it in mergers)):
            self.uncompared.discard(name)
            self.reader.records.pop(name)


@given(data=st.data())
def test_new_owner_of_the_output_ends_where_a_recomputation_does(data: st.DataObject) -> None:
    events = data.draw(small_histories())
    options = data.draw(settings_of_reporting())
    now = data.draw(nows(events))
    reader = left_by_an_earlier_owner(data, events, now, options)
    stream = Stream(replace(Settings(), **options), now)
    owner, arriving = Owner(reader), data.draw(st.permutations(events))
    cut = data.draw(st.integers(0, len(arriving)))
    stream.process(arriving[:cut], now)
    rest_at, steps = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 6))
    for step in range(steps):
        if step == rest_at:
            owner.ask_for_rest(stream.mergers)
        for merger in stream.mergers:
            priority = data.draw(st.sampled_from((None, *Priority)))
            owner.write(merger, priority, *data.draw(st.tuples(st.integers(1, 9), SIZES)))
        until = cut + (len(arriving) - cut) * (step + 1) // steps
        stream.process(arriving[cut:until], now)
        cut = until
    stream.process(arriving[cut:], now)
    if rest_at >= steps:
        owner.ask_for_rest(stream.mergers)
    for merger in stream.mergers:
        while merger.pending:
            owner.write(merger, None, 100, 100)
    assert owner.uncompared == set()
    assert reader.records == bodies(events, Settings(now=now, **options))


SIZES = st.sampled_from((1, 3, 30, 1_000))


def left_by_an_earlier_owner(
    data: st.DataObject, events: list[EventDict], now: int, options: dict[str, Any]
) -> Reader:
    """Give what was published of other events, maybe by other definitions at another time."""
    reader = Reader()
    known = data.draw(st.lists(st.sampled_from(events), unique_by=id)) if events else []
    others = data.draw(st.just(options) | settings_of_reporting())
    then = data.draw(st.just(now) | nows(events))
    reader.records |= bodies(known, Settings(now=then, **others))
    reader.records |= dict.fromkeys(data.draw(st.lists(st.sampled_from(STRANGE))), b"strange")
    return reader
