"""Events are read as they are meant, kept as they are, and known by their topics."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from streams.events import (
    EVENT_TYPES,
    REFERENCE_TOPICS,
    SOURCE_TOPICS,
    TOPIC_OF,
    Common,
    Event,
    LeadAssigned,
    Rejected,
    canonical,
    decode,
    pack,
    unpack,
)
from tests.events.wire import (
    OPTIONAL,
    REFERENCES,
    REQUIRED,
    least,
    valid,
    written,
)
from tests.histories.strategies import small_histories

# The contract's table: topic, then its types. Types of later versions are not in it.
TOPICS = """
crm.lead      lead.created lead.assigned lead.qualified lead.handed_over lead.disqualified
crm.call      call.ended
crm.email     email.sent email.clicked email.replied
crm.deal      deal.changed deal.deleted
crm.activity  activity.logged
crm.quote     quote.sent quote.ordered quote.rejected
crm.order     order.placed order.delivered order.cancelled
crm.invoice   invoice.issued invoice.paid invoice.credited invoice.voided
crm.ticket    ticket.opened ticket.resolved
crm.lead      subject.merged subject.erased
crm.rep       rep.set
crm.account   account.set
crm.spend     spend.recorded
crm.target    target.set
crm.rate      rate.set
"""
TABLE = {
    kind: topic for topic, *kinds in map(str.split, TOPICS.split("\n")[1:-1]) for kind in kinds
}
each_type = pytest.mark.parametrize("kind", TABLE)


def read(value: bytes) -> Common:
    """Decode what must be an event."""
    found = decode(value)
    assert not isinstance(found, Rejected), found
    return found


def test_type_names_its_topic() -> None:
    assert TOPIC_OF == TABLE


def test_topics_are_of_events_or_of_reference_records() -> None:
    assert {*SOURCE_TOPICS, *REFERENCE_TOPICS} == {*TABLE.values()}
    assert not {*SOURCE_TOPICS} & {*REFERENCE_TOPICS}
    for kind in EVENT_TYPES:
        assert issubclass(kind, Event) is (kind.topic in SOURCE_TOPICS)


@each_type
def test_valid_record_is_read_as_its_type_with_all_its_fields(kind: str) -> None:
    event = read(written(valid(kind)))
    assert event.topic == TABLE[kind]
    assert json.loads(canonical(event)) == valid(kind)


@each_type
def test_record_may_have_only_its_required_fields(kind: str) -> None:
    assert json.loads(canonical(read(written(least(kind))))) == least(kind)


@each_type
def test_unknown_fields_are_ignored(kind: str) -> None:
    extra = {"colour": "red", "nested": {"type": "x", "at": [1, 2.5, None]}, "id2": "e2"}
    assert read(written(valid(kind) | extra)) == read(written(valid(kind)))


@each_type
def test_fields_may_come_in_any_order(kind: str) -> None:
    said = valid(kind)
    backwards = dict(reversed(said.items()))
    assert read(written(backwards)) == read(written(said))


@each_type
def test_packed_event_is_unpacked_as_itself(kind: str) -> None:
    event = read(written(valid(kind)))
    assert unpack(pack(event)) == event
    assert pack(unpack(pack(event))) == pack(event)


def test_examples_are_of_every_type() -> None:
    assert REQUIRED.keys() == TABLE.keys()
    assert OPTIONAL.keys() <= TABLE.keys()
    assert {topic for kind, topic in TABLE.items() if kind in REFERENCES} == {*REFERENCE_TOPICS}


@given(small_histories())
def test_whatever_happened_is_packed_and_unpacked_as_itself(
    history: list[dict[str, object]],
) -> None:
    for said in history:
        event = read(written(said))
        assert unpack(pack(event)) == event
        assert canonical(unpack(pack(event))) == canonical(event)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(2 * 10**14, 4 * 10**15).map(
    lambda number: EPOCH + timedelta(microseconds=number)
)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(MOMENTS, OFFSETS, OFFSETS)
def test_equal_events_are_packed_as_equal_bytes_whatever_their_offset(
    moment: datetime, one: timezone, other: timezone
) -> None:
    events = [
        read(written(valid("lead.created") | {"at": moment.astimezone(zone).isoformat()}))
        for zone in (one, other)
    ]
    assert events[0] == events[1]
    assert pack(events[0]) == pack(events[1])
    assert canonical(events[0]) == canonical(events[1])


@pytest.mark.parametrize("number", ["1", "1.0", "1e0"])
def test_equal_numbers_are_packed_as_equal_bytes(number: str) -> None:
    said = written(valid("deal.changed")).replace(b"0.3", number.encode())
    usual = written(valid("deal.changed") | {"probability": 1})
    assert pack(read(said)) == pack(read(usual))


def test_null_is_no_value_outside_of_patches() -> None:
    said = least("lead.created")
    assert read(written(said | {"rep": None})) == read(written(said))
    assert read(written(said | {"rep": ""})) == read(written(said))


PATCHES = {
    kind: sorted({*valid(kind)} - {"id", "type", "at", "subject", "source", "seq", *fixed})
    for kind, fixed in (
        ("deal.changed", ("deal",)),
        ("account.set", ("account",)),
        ("rep.set", ("rep",)),
    )
}
each_patched_field = pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, fields in PATCHES.items() for field in fields]
)


@each_patched_field
def test_null_clears_a_field_of_a_patch_and_absence_does_not(kind: str, field: str) -> None:
    said = valid(kind)
    del said[field]
    absent, cleared = read(written(said)), read(written(said | {field: None}))
    assert (getattr(absent, field), getattr(cleared, field)) == (UNSET, None)
    assert absent != cleared
    for event in (absent, cleared):
        assert unpack(pack(event)) == event
        assert read(canonical(event)) == event


@each_patched_field
@pytest.mark.parametrize("text", ["", "  "])
def test_empty_text_clears_a_field_of_a_patch_as_null_does(
    kind: str, field: str, text: str
) -> None:
    is_name = field not in (
        "amount",
        "currency",
        "status",
        "expected_close",
        "potential",
        "account",
    )
    if (is_name and field != "probability") or not text:
        emptied = read(written(valid(kind) | {field: text}))
        assert emptied == read(written(valid(kind) | {field: None}))


def test_lead_is_given_back_by_an_assignment_to_none() -> None:
    for nobody in (None, "", " "):
        event = read(written(valid("lead.assigned") | {"rep": nobody}))
        assert isinstance(event, LeadAssigned)
        assert event.rep is None


def test_instant_may_have_any_offset_and_a_blank_between() -> None:
    texts = ("2026-03-10T09:00:00Z", "2026-03-10 12:30:00+03:30", "2026-03-10t04:00:00-05:00")
    moments = {read(written(valid("lead.created") | {"at": text})).at for text in texts}
    assert moments == {datetime(2026, 3, 10, 9, tzinfo=UTC)}
