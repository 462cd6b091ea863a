"""amoCRM and Kommo: leads, contacts and calls as their forms tell them."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from streams.sources.delivery import Delivery
from tests.sources.stories.crm.stories import (
    Events,
    assert_same,
    at,
    by_email,
    by_phone,
    event,
    ms,
    record,
)
from tests.sources.translated import delivery, kpis, outcome, translated

YEAR = "all|year|2026-01-01T00:00:00+00:00"


def seconds(moment: datetime) -> str:
    """A time as amoCRM sends it."""
    return str(ms(moment) // 1000)


def form(*items: tuple[str, dict[str, Any]], received: datetime | None = None) -> Delivery:
    """One request: the fields of each item under the brackets of its kind, and the account."""
    fields = [(f"{head}[{name}]", value) for head, item in items for name, value in item.items()]
    account = [("account[subdomain]", "acme"), ("account[id]", "31")]
    body = urlencode([*fields, *account]).encode()
    return delivery("amocrm", body, **({"received": ms(received)} if received else {}))


def lead(number: int, moment: datetime, status: int, price: str, **fields: Any) -> dict[str, Any]:
    """A lead, as each of its webhooks has it."""
    return {
        "id": number,
        "name": "A lead",
        "status_id": status,
        "pipeline_id": 5,
        "price": price,
        "responsible_user_id": 11,
        "last_modified": seconds(moment),
        "date_create": seconds(at(2)),
        "account_id": 31,
        **fields,
    }


def contact(number: int, moment: datetime, phone: str, email: str, *leads: int) -> dict[str, Any]:
    """A contact with its number, its address and its leads, flat as in the form."""
    fields = {
        "id": number,
        "name": "Dana",
        "type": "contact",
        "last_modified": seconds(moment),
        "custom_fields][0][id": 1,
        "custom_fields][0][code": "PHONE",
        "custom_fields][0][values][0][value": phone,
        "custom_fields][0][values][0][enum": 2,
        "custom_fields][1][code": "EMAIL",
        "custom_fields][1][values][0][value": email,
    }
    return fields | {f"linked_leads_id][{each}][ID": each for each in leads}


def call(number: int, lead: int, moment: datetime, kind: int, **text: Any) -> dict[str, Any]:
    """A note of a call."""
    return {
        "note][id": number,
        "note][element_id": lead,
        "note][element_type": 2,
        "note][note_type": kind,
        "note][created_by": 11,
        "note][created_at": seconds(moment),
        "note][text": json.dumps({"UNIQ": f"u{number}", "PHONE": "+15550104477", **text}),
    }


def lost(number: int, moment: datetime, reason: str) -> Delivery:
    """A lost lead, as it is read."""
    fields = {
        "id": number,
        "status_id": 143,
        "pipeline_id": 5,
        "price": 700,
        "responsible_user_id": 11,
        "created_at": int(seconds(at(2))),
        "updated_at": int(seconds(moment)),
        "is_deleted": False,
        "loss_reason_id": 4,
        "_embedded": {"loss_reason": [{"id": 4, "name": reason}], "contacts": []},
    }
    return record("amocrm", "deal", fields)


LEADS = (7100055, 7100056, 7100057)


def story() -> list[Delivery]:
    """Three leads of a contact: one is won, opened again and won, one lost, one deleted."""
    first, second, third = LEADS
    return [
        form(
            ("leads[add][0]", lead(first, at(2), 4001, "1000")),
            ("leads[add][1]", lead(second, at(2), 4001, "700")),
            ("leads[add][2]", lead(third, at(2), 142, "99")),
            ("contacts[add][0]", contact(9, at(2), "8 (555) 010-44-77", "D@Example.com", *LEADS)),
        ),
        form(("leads[note][0]", call(1, first, at(2, "10:00:00"), 11, DURATION=0, call_status=6))),
        form(("leads[note][0]", call(2, first, at(2, "11:00:00"), 11, DURATION=61))),
        form(
            ("leads[status][0]", lead(first, at(4), 4002, "1500.50", old_status_id=4001)),
            ("leads[update][0]", lead(first, at(4), 4002, "1500.50")),
        ),
        form(("leads[status][0]", lead(first, at(5), 142, "1500.50"))),
        form(("leads[status][0]", lead(first, at(6), 4002, "1500.50"))),
        form(("leads[status][0]", lead(first, at(9), 142, "1500.50"))),
        form(("leads[responsible][0]", lead(first, at(9), 142, "1500.50"))),
        form(("leads[status][0]", lead(second, at(8), 143, "700"))),
        lost(second, at(8), "price"),
        form(("leads[delete][0]", {"id": third, "status_id": 142}), received=at(7)),
    ]


def by_hand() -> Events:
    """The same, in canonical events."""
    first, second, third = map(str, LEADS)
    common = {"pipeline": "5", "currency": "RUB", "rep": "11"}
    new = {"stage": "4001", "status": "open", **common}
    called = {"rep": "11", "direction": "outbound"}
    mine = {"deal": first, "amount": "1500.50", **common}
    return [
        event("lead.created", at(2), "dana", rep="11"),
        event("lead.assigned", at(9), "dana", rep="11"),
        event("deal.changed", at(2), "dana", deal=first, amount="1000", **new),
        event("deal.changed", at(2), "dana", deal=second, amount="700", **new),
        event("call.ended", at(2, "10:00:00"), "dana", outcome="no_answer", **called),
        event("call.ended", at(2, "11:00:00"), "dana", outcome="connected", **called),
        event("deal.changed", at(4), "dana", stage="4002", status="open", **mine),
        event("deal.changed", at(5), "dana", stage="142", status="won", **mine),
        event("deal.changed", at(6), "dana", stage="4002", status="open", **mine),
        event("deal.changed", at(9), "dana", stage="142", status="won", **mine),
        event(
            "deal.changed",
            at(8),
            "dana",
            deal=second,
            stage="143",
            status="lost",
            amount="700",
            reason="price",
            **common,
        ),
        event("deal.changed", at(2), "dana", deal=third, stage="142", status="won", **common),
        event("deal.deleted", at(7), "dana", deal=third),
    ]


def test_story_gives_the_kpis_of_canonical_events_in_any_order() -> None:
    inbound = {"rep": "ivo", "direction": "inbound", "outcome": "connected"}
    mail = {"rep": "ivo", "email": "m-1", "links": 2}
    others = [
        event("call.ended", at(2, "15:00:00"), by_phone("85550104477"), **inbound),
        event("email.sent", at(2, "16:00:00"), by_email("d@example.com"), **mail),
    ]
    known = [{**each, "subject": "dana"} for each in others]
    assert_same("amocrm", story(), [*by_hand(), *known], others)


def test_several_kinds_in_one_request_are_all_taken() -> None:
    found = outcome("amocrm", story()[0].body)
    kinds = [json.loads(each)["type"] for each in found.events]
    assert (kinds.count("lead.created"), kinds.count("deal.changed")) == (3, 3)
    assert (kinds.count("subject.merged"), found.items) == (5, 4)


def test_empty_price_is_no_amount() -> None:
    found = outcome("amocrm", form(("leads[status][0]", lead(71, at(2), 4001, ""))).body)
    (told,) = map(json.loads, found.events)
    assert told["amount"] is None


@pytest.mark.parametrize(
    "body", ["leads[delete][0][id]=71", "leads[delete][0]=71", "leads[delete]=71"]
)
def test_deletion_is_taken_in_each_shape(body: str) -> None:
    found = outcome("amocrm", f"{body}&account[subdomain]=acme".encode())
    (told,) = map(json.loads, found.events)
    assert (told["type"], told["deal"]) == ("deal.deleted", "71")


def test_deletion_happens_when_it_arrives() -> None:
    gone = form(("leads[delete][0]", {"id": 71}), received=at(5))
    (told,) = map(json.loads, translated("amocrm", [gone]))
    assert told["at"] == "2026-11-05T09:00:00Z"


def test_note_that_is_a_value_and_a_parent_is_a_call_all_the_same() -> None:
    body = (
        "contacts[note][0][note][id]=5&contacts[note][0][note][element_id]=9"
        "&contacts[note][0][note][note_type]=10&contacts[note][0][note][created_by]=11"
        "&contacts[note][0][note][type]=call&contacts[note][0][note][type][message_uuid]=u"
        "&account[subdomain]=acme"
    )
    (told,) = map(json.loads, outcome("amocrm", body.encode()).events)
    assert (told["subject"], told["direction"]) == ("amocrm:contact:9", "inbound")


def test_note_without_a_further_level_is_a_call_as_well() -> None:
    fields = {"id": 5, "element_id": 71, "note_type": 11, "responsible_user_id": 11}
    (told,) = map(json.loads, translated("amocrm", [form(("leads[note][0]", fields))]))
    assert (told["subject"], told["rep"]) == ("amocrm:lead:71", "11")


def test_two_edits_in_one_second_are_two_events() -> None:
    edits = [form(("leads[update][0]", lead(71, at(2), 4001, price))) for price in ("1", "2")]
    first, second = (json.loads(each)["id"] for each in translated("amocrm", edits))
    assert first != second


def test_incoming_lead_comes_in_with_its_source() -> None:
    fields = {"uid": "u", "source_name": "site", "created_at": seconds(at(2)), "lead_id": 71}
    (told,) = map(json.loads, translated("amocrm", [form(("unsorted[add][0]", fields))]))
    assert (told["type"], told["channel"]) == ("lead.created", "site")


def test_lost_lead_asks_for_the_reason() -> None:
    found = outcome("amocrm", form(("leads[status][0]", lead(71, at(2), 143, "7"))).body)
    assert [(each.kind, each.id) for each in found.reads] == [("deal", "71")]


def test_company_is_nobody_to_call() -> None:
    fields = contact(9, at(2), "+15550104477", "d@example.com") | {"type": "company"}
    assert outcome("amocrm", form(("contacts[update][0]", fields)).body).events == []


def test_won_lead_is_won_in_every_pipeline() -> None:
    other = lead(71, at(2), 142, "7", pipeline_id=77)
    told = translated("amocrm", [form(("leads[status][0]", other))])
    assert kpis(told)[f"deal_count|{YEAR}"]["value"] == 1


@pytest.mark.parametrize("main", [[9, 8], [8, 9], [9]])
def test_lead_read_is_its_main_contacts_else_its_first(main: list[int]) -> None:
    contacts = [{"id": each, "is_main": each == 9 and len(main) > 1} for each in main]
    fields = {"id": 71, "status_id": 142, "updated_at": 1_795_000_000, "created_at": 1_795_000_000}
    read = record("amocrm", "deal", fields | {"_embedded": {"contacts": contacts}})
    events = [json.loads(each) for each in translated("amocrm", [read])]
    assert [each["into"] for each in events if "into" in each] == ["amocrm:contact:9"]
