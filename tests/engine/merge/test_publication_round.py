"""Batches of a round: the same records for any limits, and none lost whatever happens between."""

import json
from functools import lru_cache

from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.algebra.measures import Grouped
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.merger import Merger
from streams.engine.merge.publication_round import PublicationRound
from streams.engine.merge.record_builder import Publication
from streams.events import (
    Event,
    ReferenceRecord,
    decode,
)
from streams.wiring.catalogue import catalogue
from tests.kpis.story import (
    Said,
    call,
    deal,
    instant,
    lead,
    member,
    target,
    won,
)

NOW = instant("03-20 12:00")
HOUR_MS = 3_600_000
CATALOGUE = catalogue(Settings())
STORY = (
    lead("03-20 09:00", "lead-1", rep="ann", channel="web"),
    call("03-20 09:05", "lead-1", rep="ann"),
    won("03-10 09:00", "a", "50", rep="ann", partner="north"),
    won("03-10 09:00", "b", "90", rep="bob", partner="south"),
    deal("02-10 09:00", "c", "c", amount="10", rep="bob"),
    won("03-11 09:00", "d", "60", rep="ann", partner="north"),
    lead("03-19 09:00", "lead-2", rep="bob", channel="fair"),
    won("02-11 09:00", "e", "70", rep="cid", partner="west"),
)
REFERENCE = (
    member("ann", team="north"),
    target("revenue_won", "200", scope={"rep": "ann"}),
    member("bob", team="north"),
    target("deal_count", "5", start="2026-03-01"),
    member("ann", at="01-02 00:00", team="south"),
)
Partials = list[tuple[str, Grouped]]


def decoded(fields: Said) -> Event | ReferenceRecord:
    event = decode(json.dumps(fields).encode())
    assert isinstance(event, Event | ReferenceRecord)
    return event


@lru_cache
def partials() -> list[Partials]:
    """The cells that each event of the story changes."""
    aggregator, batches = Aggregator(CATALOGUE, NOW), []
    for fields in STORY:
        event = decoded(fields)
        assert isinstance(event, Event)
        aggregator.add(event)
        batches.append(list(aggregator.apply_all_pending(NOW).items()))
    return batches


def merger_of_all() -> Merger:
    merger = Merger(CATALOGUE, NOW)
    for fields in REFERENCE:
        record = decoded(fields)
        assert isinstance(record, ReferenceRecord)
        merger.add_reference(record)
    for batch in partials():
        for cell, vectors in batch:
            merger.set_partial(0, cell, vectors)
    return merger


class Interleaved:
    """A merger whose methods are called in any order, and what its readers have."""

    def __init__(self) -> None:
        self.merger = Merger(CATALOGUE, NOW)
        self.clock = NOW
        self.partials = 0
        self.references = 0
        self.records: dict[str, bytes] = {}
        self.round: PublicationRound | None = None

    def do(self, action: str, number: int) -> None:
        """Call a method of the merger, or of its round."""
        getattr(self, f"do_{action}")(number)

    def do_partials(self, number: int) -> None:
        for batch in partials()[self.partials : self.partials + number]:
            for cell, vectors in batch:
                self.merger.set_partial(0, cell, vectors)
        self.partials += number

    def do_reference(self, number: int) -> None:
        for fields in REFERENCE[self.references : self.references + number]:
            record = decoded(fields)
            assert isinstance(record, ReferenceRecord)
            self.merger.add_reference(record)
        self.references += number

    def do_apply(self, number: int) -> None:
        for _ in range(number):
            self.merger.apply_partials()

    def do_advance(self, number: int) -> None:
        # Now and then it is for another instant: days begin between the steps of others.
        self.clock += HOUR_MS * 13 * (number <= 2)
        for _ in range(number):
            self.merger.advance_clock(self.clock)

    def do_begin(self, number: int) -> None:
        priority = (None, *Priority)[number % 4]
        self.round = self.merger.begin_round(priority, (None, 2)[number // 2 % 2])

    def do_batch(self, number: int) -> None:
        if self.round is not None:
            self.read(self.round.next_batch(number))

    def read(self, batch: list[Publication]) -> None:
        for key, body, _ in batch:
            if body is None:
                self.records.pop(key, None)
            else:
                self.records[key] = body

    def finish(self) -> dict[str, bytes]:
        """Do all that is left; returns what readers have then."""
        self.do_partials(len(STORY))
        self.do_reference(len(REFERENCE))
        self.merger.advance_clock_to(self.clock)
        self.read(self.merger.publications())
        assert self.merger.pending == 0
        return self.records


ACTIONS = st.tuples(
    st.sampled_from(["partials", "reference", "apply", "advance", "begin", "batch", "batch"]),
    st.integers(1, 4),
)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.sampled_from((None, *Priority)))
def test_batches_of_any_limits_are_the_records_of_one(
    limits: list[int], priority: Priority | None
) -> None:
    whole = merger_of_all().publications(priority)
    merger = merger_of_all()
    publications = merger.begin_round(priority)
    found: list[Publication] = []
    for number in range(len(whole)):
        limit = limits[number % len(limits)]
        batch = publications.next_batch(limit)
        found += batch
        if len(batch) < limit:
            break
        assert len(batch) == limit
    assert found == whole
    assert publications.next_batch(1) == []
    assert merger.pending == sum(map(merger.waiting, Priority))


@given(st.lists(ACTIONS, max_size=40))
def test_whatever_is_called_between_batches_readers_end_with_the_same_records(
    actions: list[tuple[str, int]],
) -> None:
    interleaved = Interleaved()
    for action, number in actions:
        interleaved.do(action, number)
    found = interleaved.finish()
    expected = merger_of_all()
    expected.advance_clock_to(interleaved.clock)
    assert found == {key: body for key, body, _ in expected.publications() if body is not None}


def test_round_is_over_once_another_begins_which_has_its_rest() -> None:
    merger = merger_of_all()
    first = merger.begin_round()
    head = first.next_batch(10)
    second = merger.begin_round()
    assert first.next_batch() == []
    assert sorted([*head, *second.next_batch()], key=str) == sorted(
        merger_of_all().publications(), key=str
    )


def test_round_is_over_once_the_merger_changes() -> None:
    merger = merger_of_all()
    publications = merger.begin_round()
    head = publications.next_batch(10)
    ((cell, vectors), *_) = partials()[0]
    merger.set_partial(1, cell, vectors)
    # It is not in any window yet.
    assert len(publications.next_batch(10)) == 10
    merger.apply_partials()
    assert publications.next_batch(10) == []
    changed = {key for key, _, _ in merger.publications()}
    assert {key for key, _, _ in merger_of_all().publications()} - {
        key for key, _, _ in head
    } <= changed | {key for key, _, _ in merger_of_all().publications()[:20]}


def test_cells_that_change_while_a_day_begins_are_counted_once() -> None:
    merger = merger_of_all()
    merger.publications()
    tomorrow = NOW + 24 * HOUR_MS
    steps = 0
    while merger.advance_clock(tomorrow):
        steps += 1
        if steps == 5:
            for cell, vectors in partials()[0]:
                merger.set_partial(1, cell, vectors)
    expected = merger_of_all()
    for cell, vectors in partials()[0]:
        expected.set_partial(1, cell, vectors)
    expected.advance_clock_to(tomorrow)
    wanted = {key: body for key, body, _ in expected.publications() if body is not None}
    found = {key: body for key, body, _ in merger.publications() if body is not None}
    assert found.items() <= wanted.items()
    assert "lead_count|all|last_7d|2026-03-15T00:00:00+00:00" in found


def test_records_of_a_round_that_is_not_over_are_pending() -> None:
    merger = merger_of_all()
    before = merger.begin_round()
    pending = merger.pending
    assert pending == len(before) > 0
    before.next_batch(10)
    assert merger.pending > 0
    before.next_batch()
    assert merger.pending == 0


def test_every_record_comes_although_all_rounds_end_early_and_cells_change_between() -> None:
    merger = merger_of_all()
    merger.publications()
    cells = [(cell, vectors) for cell, vectors in partials()[2] if "rep=ann" in cell]

    def change(number: int) -> None:
        for cell, vectors in cells:
            merger.set_partial(1, cell, vectors if number % 2 else {})

    change(1)
    merger.publications(Priority.FIRST)
    # The rank of others changes back.
    missing = {key for key, _, _ in merger.publications() if "|rep=ann|" in key}
    assert len(missing) > 200
    for number in range(240):
        change(number)
        merger.publications(Priority.FIRST)
        priority = Priority.LATER if number % 3 else Priority.NEXT
        for key, _, _ in merger.begin_round(priority, max_scopes=1).next_batch(25):
            missing.discard(key)
    assert not missing


BROKEN_OFF = st.tuples(st.sampled_from(Priority), st.sampled_from((1, 9, None)), st.integers(0, 60))


@given(st.lists(BROKEN_OFF, max_size=12))
def test_work_keeps_its_epoch_through_all_rounds(rounds: list[tuple[Priority, int, int]]) -> None:
    merger = merger_of_all()
    merger.begin_round(Priority.FIRST)
    epoch = merger.epoch - 1
    for priority, max_scopes, limit in rounds:
        begun = merger.begin_round(priority, max_scopes)
        begun.next_batch(limit)
        left = len(begun)
        merger._return_round()
        found = {each for work in merger._queue._work for each in work.epochs()}
        assert found == ({epoch} if merger.pending else set())
        assert merger.frontier == (epoch if merger.pending else merger.epoch)
        assert merger.pending >= bool(left)
    merger.publications()
    assert merger.frontier == merger.epoch
