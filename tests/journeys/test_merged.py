"""Merged and erased subjects, one fact each; the laws are in `tests/laws`."""

import json
from itertools import permutations

import pytest

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.aggregate.entry import ForeignState, state_key
from streams.engine.aggregate.tombstones import WrongErasureKey
from streams.events import Event, decode, pack
from streams.events.key_value import KeyValue
from streams.wiring.catalogue import catalogue
from tests.journeys.wholes import erased, merged
from tests.kpis.story import (
    Said,
    call,
    deal,
    deleted,
    email,
    instant,
    invoice,
    lead,
    said,
    told,
    won,
)

NOW = instant("03-20 12:00")


def test_call_to_the_duplicate_answers_the_lead() -> None:
    found = told(
        lead("03-10 09:00", "lead-1"),
        call("03-10 09:30", "double"),
        merged("03-12 09:00", "double", "lead-1"),
    )
    assert found["response_time"] == 30 * 60_000


def test_two_leads_that_are_one_count_once() -> None:
    found = told(
        lead("03-10 09:00", "lead-1"),
        lead("03-11 09:00", "double"),
        merged("03-12 09:00", "double", "lead-1"),
    )
    assert found["lead_count"] == 1


def test_same_id_of_two_subjects_is_two_events() -> None:
    found = told(
        call("03-10 09:00", "lead-1") | {"id": "1"},
        call("03-10 09:00", "double") | {"id": "1"},
        merged("03-12 09:00", "double", "lead-1"),
    )
    assert found["call_count"] == 2


@pytest.mark.parametrize(("double", "channel"), [("aaa", "web"), ("zzz", "fair")])
def test_of_two_events_with_one_time_and_id_the_greater_subjects_is_the_later(
    double: str, channel: str
) -> None:
    found = told(
        lead("03-10 09:00", "lead-1", channel="web") | {"id": "1"},
        lead("03-10 09:00", double, channel="fair") | {"id": "1"},
        merged("03-12 09:00", double, "lead-1"),
    )
    assert found.scopes("lead_count") == {"all", f"channel={channel}"}


def test_latest_merge_stands_in_any_order() -> None:
    events = [
        lead("03-10 09:00", "one"),
        lead("03-09 09:00", "two"),
        call("03-10 09:10", "double"),
        merged("03-12 09:00", "double", "two"),
        merged("03-13 09:00", "double", "one"),
    ]
    for order in permutations(events):
        assert told(*order)["response_time"] == 10 * 60_000


def test_subject_merged_into_itself_last_is_merged_no_more() -> None:
    found = told(
        lead("03-10 09:00", "lead-1"),
        lead("03-11 09:00", "double"),
        merged("03-12 09:00", "double", "lead-1"),
        merged("03-13 09:00", "double", "double"),
    )
    assert found["lead_count"] == 2


def test_rep_is_not_merged() -> None:
    found = told(
        lead("03-10 09:00", "lead-1"),
        call("03-10 09:30", "rep:ann"),
        merged("03-12 09:00", "rep:ann", "lead-1"),
    )
    assert "response_time" not in found


def test_merge_on_a_deals_topic_is_of_the_lead_and_on_an_invoices_of_the_account() -> None:
    bills = [invoice("03-10 09:00", "5", due="03-31", subject=name) for name in ("acme", "double")]
    leads = [lead("03-10 09:00", name) for name in ("acme", "double")]
    of_lead = merged("03-12 09:00", "double", "acme", topic="crm.deal")
    of_account = merged("03-12 09:00", "double", "acme", topic="crm.invoice")
    found = told(*bills, *leads, of_lead)
    assert (found["lead_count"], "receivables" in found) == (1, True)
    assert found.scopes("receivables") == {"all", "account=acme", "account=double"}
    found = told(*bills, *leads, of_account)
    assert found["lead_count"] == 2
    assert found.scopes("receivables") == {"all", "account=acme"}


def test_deal_deleted_under_the_survivors_name_is_the_duplicates_too() -> None:
    found = told(
        won("03-10 09:00", subject="double"),
        deleted("03-11 09:00", subject="lead-1"),
        merged("03-12 09:00", "double", "lead-1"),
    )
    assert "deal_count" not in found


def test_events_before_an_erasure_are_gone_and_later_ones_count() -> None:
    found = told(
        call("03-10 09:00"),
        call("03-11 09:00"),
        call("03-11 09:01"),
        erased("03-11 09:00", "lead-1"),
    )
    assert found["call_count"] == 1


def test_erasing_the_merge_target_erases_what_was_rerouted_to_it() -> None:
    found = told(
        call("03-10 09:00", "double"),
        call("03-13 09:00", "double"),
        merged("03-11 09:00", "double", "lead-1"),
        erased("03-12 09:00", "lead-1"),
    )
    assert found["call_count"] == 1


def test_erasing_a_rep_erases_efforts_in_all_event_sets() -> None:
    loose = [email(f"03-10 09:{n:02}", f"mail-{n}", "rep:ann") for n in range(20)]
    found = told(*loose, call("03-10 09:00"), erased("03-11 09:00", "rep:ann"))
    assert found["call_count"] == 1
    assert "email_link_share" not in found


def test_account_erased_without_topic_owes_nothing() -> None:
    issued = invoice("03-10 09:00", "100", "03-31", subject="a1")
    assert told(issued)["receivables"] == "100.00"
    assert "receivables" not in told(issued, erased("03-12 09:00", "a1"))


def test_part_of_what_is_owed_is_erased_with_its_account() -> None:
    found = told(
        invoice("03-10 09:00", "100", "03-31", subject="a1"),
        invoice("03-10 09:00", "30", "03-31", "invoice-2", subject="a2"),
        erased("03-12 09:00", "a1"),
    )
    assert found["receivables"] == "30.00"


def test_erasure_without_topic_is_of_lead_and_account_however_often_it_comes() -> None:
    erasure = erased("03-12 09:00", "acme")
    found = told(
        call("03-10 09:00", "acme"),
        call("03-13 09:00", "acme"),
        invoice("03-10 09:00", "100", "03-31"),
        *(erasure, erasure, erasure | {"topic": "crm.lead"}, erasure | {"topic": "crm.order"}),
    )
    assert found["call_count"] == 1
    assert "receivables" not in found


def test_erasure_with_topic_is_of_one_kind() -> None:
    events = [call("03-10 09:00", "acme"), invoice("03-10 09:00", "100", "03-31")]
    of_lead = told(*events, erased("03-12 09:00", "acme", topic="crm.call"))
    assert "call_count" not in of_lead
    assert of_lead["receivables"] == "100.00"
    of_account = told(*events, erased("03-12 09:00", "acme", topic="crm.ticket"))
    assert of_account["call_count"] == 1
    assert "receivables" not in of_account


def test_nothing_stored_of_the_erased_names_them() -> None:
    aggregator = Aggregator(catalogue(Settings(now=NOW)), NOW, erasure_key=b"secret")
    stored: dict[bytes, bytes | None] = {}
    for event in (
        lead("03-10 09:00", "Jane Roe"),
        merged("03-10 09:30", "Jane Roe", "lead-1"),
        deal("03-10 10:00", "the deal of Jane Roe", "Jane Roe"),
        erased("03-11 09:00", "Jane Roe"),
        call("03-10 11:00", "Jane Roe"),
    ):
        for key, value in _add(aggregator, event):
            stored.pop(key, None)
            if value is not None:
                stored[key] = value
    # One tombstone, and in it the merge: later events still go to lead-1. Its id is not named
    # after anybody outside these tests.
    assert len(stored) == 1
    left = b"".join([*stored, *(value for value in stored.values() if value)])
    assert left.replace(b"subject.merged/03-10 09:30/Jane Roe/lead-1", b"").count(b"Jane Roe") == 0


def test_merge_of_an_erased_account_is_kept_under_a_pseudonym() -> None:
    aggregator = Aggregator(catalogue(Settings(now=NOW)), NOW, erasure_key=b"secret")
    merge = {"topic": "crm.order", "id": "1"}
    bill = invoice("03-10 10:00", "5", "03-31", subject="Jane Roe Ltd")
    stored: dict[bytes, bytes | None] = {}
    for event in (
        merged("03-10 09:30", "Jane Roe Ltd", "acme") | merge,
        bill,
        erased("03-11 09:00", "Jane Roe Ltd", topic="crm.order"),
    ):
        stored |= dict(_add(aggregator, event))
    kept = [(key, value) for key, value in stored.items() if value is not None]
    reroutes = [(reroute.key, reroute.value) for reroute in aggregator.current_reroutes()]
    assert (len(kept), len(reroutes)) == (1, 1)
    assert b"Jane Roe" not in b"".join(key + (value or b"") for key, value in (*kept, *reroutes))


def test_merge_that_is_stored_as_an_event_is_of_an_earlier_version() -> None:
    merge = decode(json.dumps(merged("03-10 09:30", "a", "b", topic="crm.order")).encode())
    assert isinstance(merge, Event)
    restored = Aggregator(catalogue(Settings(now=NOW)), NOW)
    with pytest.raises(ForeignState):
        restored.restore(state_key("account:a", merge.id), pack(merge))


def test_tombstones_are_not_read_with_another_key() -> None:
    in_force = catalogue(Settings(now=NOW))
    ((name, value),) = _add(
        Aggregator(in_force, NOW, erasure_key=b"secret"), erased("03-11 09:00", "lead-1")
    )
    with pytest.raises(WrongErasureKey):
        Aggregator(in_force, NOW, erasure_key=b"another").restore(name, value)


def test_erasing_again_stores_nothing_new() -> None:
    aggregator = Aggregator(catalogue(Settings(now=NOW)), NOW)
    assert len(_add(aggregator, erased("03-11 09:00", "lead-1"))) == 1
    assert _add(aggregator, erased("03-11 09:00", "lead-1")) == []


def _add(aggregator: Aggregator, event: Said) -> list[KeyValue]:
    read = decode(json.dumps(event).encode())
    assert isinstance(read, Event)
    return aggregator.add(read)


def test_rep_of_a_duplicate_that_was_only_assigned_is_the_survivors() -> None:
    found = told(
        said("lead.assigned", "03-01 09:00", subject="a", rep="ann"),
        won("03-10 09:00", subject="b"),
        merged("03-11 09:00", "a", "b"),
    )
    assert found.scopes("deal_count") == {"all", "rep=ann"}
