"""Aggregators work in slices: wherever they are cut and whatever comes between, cells agree."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.aggregate import aggregator
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.algebra.measures import Grouped
from streams.engine.catalogue.publish_priority import Priority
from streams.events import Event, ReferenceRecord
from streams.events.key_value import KeyValue
from streams.wiring.catalogue import catalogue
from tests.laws.merging import decoded, stories
from tests.laws.published import EventDict

DAY_MS = 86_400_000


@given(stories(), st.data())
def test_changes_applied_in_any_slices_give_the_same_cells_and_alerts(
    story: tuple[list[EventDict], dict[str, Any], int], data: st.DataObject
) -> None:
    said, options, now = story
    whole, sliced = _two_aggregators(options, now)
    published: dict[str, Grouped] = {}
    with _small_slices(data):
        for event in decoded(said):
            for each in (whole, sliced):
                _apply(each, event)
            clock = data.draw(st.integers(now - 40 * DAY_MS, now))
            for _ in range(data.draw(st.integers(0, 3))):
                sliced.apply_pending(clock)
            if data.draw(st.booleans()):
                _publish(published, sliced.changed_cells(data.draw(st.sampled_from(Priority))))
        while sliced.apply_pending(now):
            pass
    _publish(published, sliced.changed_cells())
    whole.apply_all_pending(now)
    assert published == sliced.cells() == whole.cells()
    assert sliced.changed_alerts(now) == whole.changed_alerts(now)


@given(stories(), st.data())
def test_a_rebuild_in_slices_with_events_between_them_gives_the_same_cells(
    story: tuple[list[EventDict], dict[str, Any], int], data: st.DataObject
) -> None:
    said, options, now = story
    events = decoded(said)
    cut = data.draw(st.integers(0, len(events)))
    whole, sliced = _two_aggregators(options, now)
    for event in events[:cut]:
        for key, value in _apply(whole, event):
            sliced.restore(key, value)
        if isinstance(event, ReferenceRecord):
            sliced.add_reference(event)
    with _small_slices(data):
        is_more = sliced.rebuild(now)
        for event in events[cut:]:
            for each in (whole, sliced):
                _apply(each, event)
            for _ in range(data.draw(st.integers(0, 2))):
                is_more = data.draw(st.sampled_from((sliced.rebuild, sliced.apply_pending)))(now)
        while is_more or sliced.rebuild(now):
            is_more = sliced.rebuild(now)
        while sliced.apply_pending(now):
            pass
    whole.apply_all_pending(now)
    assert sliced.cells() == whole.cells()
    assert sliced.changed_alerts(now) == whole.changed_alerts(now)
    assert sorted(sliced.current_reroutes()) == sorted(whole.current_reroutes())


@given(stories(), st.booleans())
def test_a_reader_between_two_slices_of_a_rebuild_gets_complete_cells(
    story: tuple[list[EventDict], dict[str, Any], int], reads_alerts_first: bool
) -> None:
    said, options, now = story
    whole, sliced = _two_aggregators(options, now)
    for event in decoded(said):
        for key, value in _apply(whole, event):
            sliced.restore(key, value)
        if isinstance(event, ReferenceRecord):
            sliced.add_reference(event)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aggregator, "SETS_PER_SLICE", 1)
        sliced.rebuild(now)
        assert not sliced.has_unpublished
        whole.apply_all_pending(now)
        alerts = sliced.changed_alerts(now) if reads_alerts_first else None
        assert sliced.cells() == whole.cells()
        assert sliced.changed_cells() == {}
        assert (alerts or sliced.changed_alerts(now)) == whole.changed_alerts(now)


def _two_aggregators(options: dict[str, Any], now: int) -> tuple[Aggregator, Aggregator]:
    terms = catalogue(replace(Settings(now=now), **options))
    return Aggregator(terms, now - 40 * DAY_MS), Aggregator(terms, now - 40 * DAY_MS)


def _apply(each: Aggregator, event: object) -> list[KeyValue]:
    """Apply an event or a reference record; returns the changelog records."""
    if isinstance(event, ReferenceRecord):
        each.add_reference(event)
    return each.add(event) if isinstance(event, Event) else []


def _publish(published: dict[str, Grouped], changed: dict[str, Grouped]) -> None:
    """Apply changed cells to what readers have."""
    for cell, vectors in changed.items():
        published[cell] = vectors
        if not vectors:
            del published[cell]


@contextmanager
def _small_slices(data: st.DataObject) -> Iterator[None]:
    """Let slices end after one to three event sets and contributions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aggregator, "SETS_PER_SLICE", data.draw(st.integers(1, 3)))
        patch.setattr(aggregator, "MATURED_PER_SLICE", data.draw(st.integers(1, 3)))
        yield
