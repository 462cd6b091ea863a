"""Zoho CRM: thin notifications, and the records that are read for them."""

import json
from datetime import datetime
from typing import Any

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
MODULES = {"deal": "Deals", "lead": "Leads", "contact": "Contacts", "call": "Calls"} | {
    "meeting": "Events"
}
OWNER = {"id": "11", "name": "Ann", "email": "ann@acme.example.com"}


def tokyo(moment: datetime) -> str:
    """A time as Zoho writes it, with its own offset."""
    return moment.replace(hour=moment.hour + 9).strftime("%Y-%m-%dT%H:%M:%S+09:00")


def notification(module: str, operation: str, moment: datetime, *ids: int) -> Delivery:
    """A notification as the inbox keeps it: without its token."""
    return delivery(
        "zoho",
        {
            "server_time": ms(moment),
            "affected_values": [],
            "query_params": {},
            "module": module,
            "resource_uri": f"https://example.com/crm/v7/{module}",
            "ids": [str(each) for each in ids],
            "affected_fields": [],
            "operation": operation,
            "channel_id": "10000",
        },
    )


def read(kind: str, number: int, operation: str, moment: datetime, **fields: Any) -> list[Delivery]:
    """A notification, and the record that is read for it."""
    told = notification(MODULES[kind], operation, moment, number)
    assert [(each.kind, each.id) for each in outcome("zoho", told.body).reads] == [
        (kind, str(number))
    ]
    dates = {"Modified_Time": tokyo(moment), "Created_Time": tokyo(at(2))}
    return [told, record("zoho", kind, {"id": str(number), "Owner": OWNER, **dates, **fields})]


def deal(stage: str, amount: float, **fields: Any) -> dict[str, Any]:
    """The fields of a deal."""
    return {
        "Deal_Name": "A deal",
        "Stage": stage,
        "Amount": amount,
        "Currency": "EUR",
        "Probability": None,
        "Closing_Date": "2026-11-20",
        "Contact_Name": {"id": "9", "name": "Dana"},
        "Account_Name": None,
        "Lead_Source": None,
        "Reason_For_Loss__s": None,
        **fields,
    }


LEAD = {"Lead_Source": "Web", "Phone": "+1 555 010 4477", "Email": "dana@example.com"}


def call(moment: datetime, kind: str, **fields: Any) -> dict[str, Any]:
    """The fields of a call about the lead."""
    about = {"$se_module": "Leads", "What_Id": {"id": "7", "name": "Dana"}, "Who_Id": None}
    return {"Call_Type": kind, "Call_Start_Time": tokyo(moment), **about, **fields}


def story() -> list[Delivery]:
    """A lead is called and converted; its deals are won, opened again, lost, deleted."""
    ten, eleven, one = at(2, "10:00:00"), at(2, "11:00:00"), at(2, "13:00:00")
    converted = {"$converted": True, "Converted_Contact": {"id": "9"}, "Lead_Status": "Qualified"}
    met = {"Start_DateTime": tokyo(one), "Who_Id": {"id": "9"}, "What_Id": None}
    return [
        *read("lead", 7, "insert", at(2), **LEAD),
        *read("lead", 7, "update", at(3), **LEAD, **converted),
        *read("call", 1, "insert", ten, **call(ten, "Outbound", Call_Result="Busy")),
        *read("call", 2, "insert", eleven, **call(eleven, "Missed")),
        *read("call", 3, "insert", one, **call(one, "Outbound", Outgoing_Call_Status="Scheduled")),
        *read("meeting", 4, "insert", one, **met),
        *read("deal", 55, "insert", at(3), **deal("Qualification", 1000)),
        *read("deal", 55, "update", at(5), **deal("Closed Won", 1500.5)),
        *read("deal", 55, "update", at(6), **deal("Negotiation/Review", 1500.5)),
        *read("deal", 55, "update", at(9), **deal("Closed Won", 1500.5)),
        *read("deal", 56, "insert", at(4), **deal("Qualification", 700)),
        *read("deal", 56, "update", at(8), **deal("Closed Lost", 700, Reason_For_Loss__s="price")),
        *read("deal", 57, "insert", at(4), **deal("Closed Won", 99)),
        notification("Deals", "delete", at(7), 57),
    ]


def by_hand() -> Events:
    """The same, in canonical events."""
    common = {"currency": "EUR", "rep": "11", "expected_close": "2026-11-20"}
    mine = {"deal": "55", "amount": "1500.5", **common}
    other = {"deal": "56", "amount": "700", **common}
    busy = {"rep": "11", "outcome": "busy", "direction": "outbound"}
    missed = {"rep": "11", "outcome": "no_answer", "direction": "inbound"}
    return [
        event("lead.created", at(2), "dana", channel="Web"),
        event("lead.assigned", at(2), "dana", rep="11"),
        event("lead.assigned", at(3), "dana", rep="11"),
        event("lead.qualified", at(3), "dana"),
        event("lead.handed_over", at(3), "dana"),
        event("call.ended", at(2, "10:00:00"), "dana", **busy),
        event("call.ended", at(2, "11:00:00"), "dana", **missed),
        event("activity.logged", at(2, "13:00:00"), "dana", rep="11", kind="meeting"),
        event("deal.changed", at(3), "dana", **mine | {"amount": "1000"}, stage="Qualification"),
        event("deal.changed", at(5), "dana", **mine, stage="Closed Won", status="won"),
        event("deal.changed", at(6), "dana", **mine, stage="Negotiation/Review", status="open"),
        event("deal.changed", at(9), "dana", **mine, stage="Closed Won", status="won"),
        event("deal.changed", at(4), "dana", **other, stage="Qualification"),
        event(
            "deal.changed",
            at(8),
            "dana",
            **other,
            stage="Closed Lost",
            status="lost",
            reason="price",
        ),
        event("deal.changed", at(4), "dana", deal="57", stage="Closed Won", status="won", **common),
        event("deal.deleted", at(7), "dana", deal="57"),
    ]


def test_story_gives_the_kpis_of_canonical_events_in_any_order() -> None:
    inbound = {"rep": "ivo", "direction": "inbound", "outcome": "connected"}
    mail = {"rep": "ivo", "email": "m-1", "links": 2}
    others = [
        event("call.ended", at(2, "15:00:00"), by_phone("15550104477"), **inbound),
        event("email.sent", at(2, "16:00:00"), by_email("dana@example.com"), **mail),
    ]
    known = [{**each, "subject": "dana"} for each in others]
    assert_same("zoho", story(), [*by_hand(), *known], others)


def test_notification_of_many_records_reads_each() -> None:
    found = outcome("zoho", notification("Deals", "update", at(2), 1, 2, 3).body)
    assert [each.id for each in found.reads] == ["1", "2", "3"]


def test_deletion_needs_no_reading() -> None:
    found = outcome("zoho", notification("Deals", "delete", at(2), 1, 2).body)
    assert [json.loads(each)["deal"] for each in found.events] == ["1", "2"]
    assert found.reads == []


def test_module_that_no_kpi_counts_is_ignored() -> None:
    found = outcome("zoho", notification("Products", "insert", at(2), 1).body)
    assert (found.events, found.reads, found.ignored) == ([], [], 1)


def test_deal_without_a_contact_stands_alone() -> None:
    with_one = read("deal", 55, "insert", at(3), **deal("Qualification", 1))
    without = read("deal", 55, "update", at(4), **deal("Qualification", 1, Contact_Name=None))
    events = [json.loads(each) for each in translated("zoho", [*with_one, *without])]
    merges = [each for each in events if each["type"] == "subject.merged"]
    assert [each["into"] for each in merges] == ["zoho:contact:9", "zoho:deal:55"]
    assert len({each["id"] for each in merges}) == 1


def test_record_that_leaves_the_contact_out_says_nothing_of_it() -> None:
    fields = deal("Qualification", 1)
    del fields["Contact_Name"]
    events = translated("zoho", read("deal", 55, "update", at(4), **fields))
    assert [json.loads(each)["type"] for each in events] == ["deal.changed"]


def test_deal_lost_to_competition_is_lost() -> None:
    told = read("deal", 55, "update", at(4), **deal("Closed-Lost to Competition", 1))
    assert kpis(translated("zoho", told))[f"close_rate|{YEAR}"]["parts"] == {"hits": 0, "total": 1}
