"""Merges in circles, and erasures that follow merges: one fact each."""

import json
from collections.abc import Iterable
from itertools import permutations

import pytest

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.events import Event, decode, for_each_kind
from streams.wiring.catalogue import catalogue
from tests.journeys.wholes import erased, merged
from tests.kpis.story import (
    Said,
    call,
    instant,
    invoice,
    lead,
    told,
)

NOW = instant("03-20 12:00")

CIRCLE = [
    lead("03-10 09:00", "a", channel="web"),
    lead("03-10 09:01", "b", channel="fair"),
    lead("03-10 09:02", "c", channel="phone"),
    call("03-10 09:03", "d"),
    merged("03-12 09:00", "a", "b"),
    merged("03-13 09:00", "b", "c"),
    merged("03-11 09:00", "d", "a"),
]


def test_circle_of_merges_is_one_subject() -> None:
    found = told(*CIRCLE, merged("03-14 09:00", "c", "a"))
    assert found["lead_count"] == 1
    assert found["response_time"] == 3 * 60_000
    # The latest of the three says phone; the call came to a subject outside the circle.
    assert found.scopes("lead_count") == {"all", "channel=phone"}


@pytest.mark.parametrize(
    ("at", "survivor"), [("03-14 09:00", "a"), ("03-12 10:00", "c"), ("03-11 10:00", "c")]
)
def test_of_a_circle_the_one_survives_whom_its_last_merge_names(at: str, survivor: str) -> None:
    bills = [invoice("03-10 09:00", "5", "03-31", name, subject=name) for name in "abcd"]
    merges = [event for event in CIRCLE if event["type"] == "subject.merged"]
    circle = merged(at, "c", "a")
    for order in permutations([*merges, circle]):
        found = told(*bills, *order)
        assert found.scopes("receivables") == {"all", f"account={survivor}"}
        assert found["receivables"] == "20.00"


def test_erasing_one_of_a_circle_erases_the_circle() -> None:
    found = told(*CIRCLE, merged("03-14 09:00", "c", "a"), erased("03-15 09:00", "b"))
    assert found.records == []


def test_subject_merged_into_an_erased_one_leaves_nothing_in_any_order() -> None:
    events = [
        call("03-10 09:00", "double"),
        call("03-13 09:00", "double"),
        merged("03-14 09:00", "double", "lead-1"),
        erased("03-12 09:00", "lead-1"),
    ]
    for order in permutations(events):
        assert told(*order)["call_count"] == 1
        left = left_of(order)
        assert b"03-13 09:00" in left
        assert b"03-10 09:00" not in left


def test_erasure_follows_a_merge_that_was_replaced_in_any_order() -> None:
    events = [
        call("03-10 09:00", "double"),
        call("03-14 09:00", "double"),
        merged("03-11 09:00", "double", "lead-1"),
        merged("03-12 09:00", "double", "double"),
        erased("03-13 09:00", "lead-1"),
    ]
    for order in permutations(events):
        assert told(*order)["call_count"] == 1


def left_of(events: Iterable[Said]) -> bytes:
    """Give all that the state and the reroutes hold in the end."""
    aggregator = Aggregator(catalogue(Settings(now=NOW)), NOW)
    stored: dict[bytes, bytes | None] = {}
    for event in events:
        read = decode(json.dumps(event).encode())
        assert isinstance(read, Event)
        for each in for_each_kind(read):
            stored |= dict(aggregator.add(each))
    while reroutes := aggregator.pending_reroutes():
        for reroute in reroutes:
            stored |= dict(aggregator.receive(reroute))
    current = [(it.key, it.value) for it in aggregator.current_reroutes()]
    return b"".join(key + value for key, value in (*stored.items(), *current) if value is not None)
