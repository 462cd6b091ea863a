"""Targets on a merger while time passes: what is written again, and when."""

import json

import pytest

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.dimension_groups import DIMENSION_GROUPS, dimension_group
from streams.engine.merge.merger import Merger
from streams.engine.merge.record_encoder import OVER, slot_of
from streams.events import (
    Event,
    ReferenceRecord,
    decode,
)
from streams.wiring.catalogue import catalogue
from tests.kpis.story import (
    MINUTE,
    Said,
    instant,
    target,
    won,
)

NOON = instant("03-20 12:00")
SLOT = 15 * MINUTE
MARCH = "revenue_won|all|month|2026-03-01T00:00:00+00:00"
FEBRUARY = "revenue_won|all|month|2026-02-01T00:00:00+00:00"


def merger_of(*events: Said, clock: int = NOON, groups: list[int] | None = None) -> Merger:
    """Give a merger that has taken some events in."""
    kpi_catalogue = catalogue(Settings())
    aggregator, merger = Aggregator(kpi_catalogue, clock), Merger(kpi_catalogue, clock, groups)
    for fields in events:
        event = decode(json.dumps(fields).encode())
        if isinstance(event, ReferenceRecord):
            merger.add_reference(event)
        else:
            assert isinstance(event, Event)
            aggregator.add(event)
    for cell, vector in aggregator.apply_all_pending(clock).items():
        if groups is None or dimension_group(cell) in groups:
            merger.set_partial(0, cell, vector)
    merger.advance_clock_to(clock)
    return merger


def published(merger: Merger) -> dict[str, tuple[bytes | None, str, int | None]]:
    """What a merger publishes, by key: body, text and slot of the fields as of the instant."""
    found = [(key, body, as_of.text, as_of.slot) for key, body, as_of in merger.publications()]
    assert len({key for key, *_ in found}) == len(found)
    return {key: (body, text, slot) for key, body, text, slot in found}


def test_record_with_a_target_goes_out_every_quarter_of_an_hour() -> None:
    merger = merger_of(won("03-10 09:00"), target("revenue_won", "1000"))
    body, text, slot = published(merger)[MARCH]
    assert slot == NOON // SLOT
    merger.advance_clock_to(NOON + SLOT - 1)
    assert published(merger) == {}
    merger.advance_clock_to(NOON + SLOT)
    ((key, (same, later, next_slot)),) = published(merger).items()
    assert (key, same, next_slot) == (MARCH, body, NOON // SLOT + 1)
    assert '"expected":"629.03"' in text
    assert '"expected":"629.37"' in later  # a quarter of an hour of 1,000 in 31 days: 34 cents


@pytest.mark.parametrize(
    ("kpi", "scope", "priority"),
    [("revenue_won", {"rep": "ann"}, Priority.NEXT), ("forecast", {}, Priority.LATER)],
)
def test_record_that_is_deferred_when_its_quarter_has_passed_is_counted_as_waiting(
    kpi: str, scope: dict[str, str], priority: Priority
) -> None:
    merger = merger_of(won("03-10 09:00", rep="ann"), target(kpi, "1000", scope=scope))
    published(merger)
    merger.advance_clock_to(NOON + SLOT)
    assert merger.publications(Priority.FIRST) == []
    assert merger.waiting(priority) == merger.pending == 1
    (key,) = published(merger)
    assert key.startswith(f"{kpi}|{'rep=ann' if scope else 'all'}|month|")
    assert merger.pending == 0


def test_with_a_fixed_clock_nothing_moves() -> None:
    merger = merger_of(won("03-10 09:00"), target("revenue_won", "1000"))
    assert published(merger)
    merger.advance_clock_to(NOON)
    assert published(merger) == {}


def test_record_without_a_target_waits_for_a_change() -> None:
    merger = merger_of(won("03-10 09:00"))
    assert {slot for _, _, slot in published(merger).values()} == {None}
    merger.advance_clock_to(NOON + SLOT)
    assert published(merger) == {}


def test_slot_is_found_in_a_record_as_published() -> None:
    merger = merger_of(won("02-10 09:00"), won("03-10 09:00", "b"), target("revenue_won", "1000"))
    found = published(merger)
    for key, slot in ((MARCH, NOON // SLOT), (FEBRUARY, OVER)):
        body, text, fields = found[key]
        assert body is not None
        assert slot_of(body, b',"revision":1,' + text.encode()) == fields == slot
    body, text, fields = found[MARCH.replace("revenue_won", "deal_count")]
    assert body is not None
    assert slot_of(body, b',"revision":1,' + text.encode()) is fields is None
    assert slot_of(b'{"kpi":"a"', b',"revision":1,"as_of":"x"') is None  # as it once was


def test_window_that_ends_is_published_once_more_and_its_record_stays() -> None:
    merger = merger_of(target("revenue_won", "1000"), target("deal_count", "5", start="2026-03-02"))
    assert published(merger)[MARCH][0] is not None
    merger.advance_clock_to(instant("04-01 00:00"))
    found = published(merger)
    for key in (MARCH, MARCH.replace("revenue_won", "deal_count")):
        body, _, slot = found[key]
        assert body is not None
        assert (slot, b'"final":false' in body) == (OVER, True)
    merger.advance_clock_to(instant("04-02 00:00"))
    found = published(merger)
    for key in (MARCH, MARCH.replace("revenue_won", "deal_count")):
        final = found[key][0]
        assert final is not None
        assert b'"final":true' in final


def test_target_that_begins_later_makes_its_record_then() -> None:
    merger = merger_of(target("revenue_won", "1000", start="2026-04-15"))
    april = MARCH.replace("03-01", "04-01")
    assert {body for body, _, _ in published(merger).values()} <= {None}
    merger.advance_clock_to(instant("04-01 00:00"))
    assert published(merger)[april][0] is not None


def test_target_that_changes_on_the_way_is_written_again() -> None:
    merger = merger_of(won("03-10 09:00"), target("revenue_won", "1000"))
    published(merger)
    for fields in (
        target("revenue_won", "500", at="02-01 00:00"),
        target("revenue_won", "900", at="01-15 00:00"),
    ):
        record = decode(json.dumps(fields).encode())
        assert isinstance(record, ReferenceRecord)
        merger.add_reference(record)
        found = published(merger)
        if fields["value"] == "500":
            body = found[MARCH][0]
            assert body is not None
            assert b'"target":"500.00"' in body
        else:
            assert found == {}


def test_only_the_merger_of_a_scopes_dimension_group_applies_its_targets() -> None:
    aim = target("revenue_won", "1000", scope={"partner": "north"}, at="03-01 00:00")
    partner = MARCH.replace("all", "partner=north")
    for number in range(len(DIMENSION_GROUPS)):
        found = published(merger_of(aim, groups=[number]))
        keys = {key for key, (body, _, _) in found.items() if body}
        assert keys == (
            {partner, partner.replace("revenue_won", "partner_quality")} if number == 3 else set()
        )


def test_who_falls_behind_is_written_with_the_one_who_passes() -> None:
    sold = [
        won("03-10 09:00", name, amount, rep=name)
        for name, amount in (("ann", "100"), ("bob", "200"), ("cyd", "300"))
    ]
    kpi_catalogue = catalogue(Settings())
    aggregator, merger = Aggregator(kpi_catalogue, NOON), Merger(kpi_catalogue, NOON)

    def ranks(*events: Said) -> dict[str, int]:
        for fields in events:
            event = decode(json.dumps(fields).encode())
            assert isinstance(event, Event)
            aggregator.add(event)
        for cell, vector in aggregator.apply_all_pending(NOON).items():
            merger.set_partial(0, cell, vector)
        bodies = {key: body for key, (body, _, _) in published(merger).items() if body}
        return {
            name: json.loads(body + b"}")["rank"]
            for name in ("ann", "bob", "cyd")
            if (body := bodies.get(MARCH.replace("all", f"rep={name}")))
        }

    assert ranks(*sold) == {"ann": 3, "bob": 2, "cyd": 1}
    # Ann passes bob and nobody else: cyd's record stays as it is.
    assert ranks(won("03-11 09:00", "more", "150", rep="ann")) == {"ann": 2, "bob": 3}
