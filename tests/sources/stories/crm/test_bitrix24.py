"""Bitrix24: thin webhooks, and the records that are read for them."""

import json
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import urlencode

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
handlers = count(1)
KINDS = {"deal": "DEAL", "lead": "LEAD", "contact": "CONTACT", "activity": "ACTIVITY"}


def moscow(moment: datetime) -> str:
    """A time as Bitrix24 writes it, with its own offset."""
    return moment.replace(hour=moment.hour + 3).strftime("%Y-%m-%dT%H:%M:%S+03:00")


def webhook(name: str, number: int, moment: datetime) -> Delivery:
    """A webhook as the inbox keeps it: without its tokens."""
    fields = {
        "event": name,
        "event_handler_id": next(handlers),
        "data[FIELDS][ID]": number,
        "ts": ms(moment) // 1000,
    }
    return delivery("bitrix24", urlencode(fields).encode())


def read(kind: str, number: int, action: str, moment: datetime, **fields: Any) -> list[Delivery]:
    """A webhook, and the record that is read for it; only its id is in the webhook."""
    told = webhook(f"ONCRM{KINDS[kind]}{action}", number, moment)
    assert [(each.kind, each.id) for each in outcome("bitrix24", told.body).reads] == [
        (kind, str(number))
    ]
    dates = {"DATE_MODIFY": moscow(moment), "DATE_CREATE": moscow(at(2))}
    return [told, record("bitrix24", kind, {"ID": str(number), **dates, **fields})]


def deal(stage: str, meaning: str, amount: str, **fields: Any) -> dict[str, Any]:
    """The fields of a deal of a lead."""
    return {
        "STAGE_ID": stage,
        "STAGE_SEMANTIC_ID": meaning,
        "CATEGORY_ID": "0",
        "OPPORTUNITY": amount,
        "CURRENCY_ID": "EUR",
        "ASSIGNED_BY_ID": "11",
        "LEAD_ID": "7",
        "CONTACT_ID": "9",
        "COMPANY_ID": "0",
        "CLOSEDATE": "2026-11-20T03:00:00+03:00",
        "PROBABILITY": None,
        **fields,
    }


LEAD = {
    "SOURCE_ID": "WEB",
    "STATUS_ID": "CONVERTED",
    "STATUS_SEMANTIC_ID": "S",
    "ASSIGNED_BY_ID": "11",
    "PHONE": [{"ID": "1", "VALUE_TYPE": "WORK", "VALUE": "+7 495 000-44-77", "TYPE_ID": "PHONE"}],
    "EMAIL": [{"ID": "2", "VALUE_TYPE": "WORK", "VALUE": "dana@example.com", "TYPE_ID": "EMAIL"}],
}


def activity(kind: str, moment: datetime, **fields: Any) -> dict[str, Any]:
    """The fields of an activity that is done."""
    return {
        "TYPE_ID": kind,
        "OWNER_TYPE_ID": "1",
        "OWNER_ID": "7",
        "DIRECTION": "2",
        "COMPLETED": "Y",
        "RESPONSIBLE_ID": "11",
        "END_TIME": moscow(moment),
        "CREATED": moscow(moment),
        **fields,
    }


def story() -> list[Delivery]:
    """A lead is called and mailed; its deals are won, opened again, lost, deleted."""
    ten, noon, one = at(2, "10:00:00"), at(2, "12:00:00"), at(2, "13:00:00")
    missed = {"SETTINGS": {"MISSED_CALL": True}, "DIRECTION": "1"}
    return [
        *read("lead", 7, "ADD", at(2), **LEAD),
        *read("contact", 9, "ADD", at(2), LEAD_ID="7"),
        *read("activity", 1, "ADD", ten, **activity("2", ten)),
        *read(
            "activity", 2, "ADD", at(2, "11:00:00"), **activity("2", at(2, "11:00:00"), **missed)
        ),
        *read("activity", 3, "ADD", noon, **activity("4", noon)),
        *read("activity", 4, "ADD", one, **activity("1", one, OWNER_TYPE_ID="3", OWNER_ID="9")),
        *read("activity", 5, "ADD", one, **activity("2", one, COMPLETED="N")),
        *read("deal", 55, "ADD", at(3), **deal("NEW", "P", "1000.00")),
        *read("deal", 55, "UPDATE", at(5), **deal("WON", "S", "1500.50")),
        *read("deal", 55, "UPDATE", at(6), **deal("EXECUTING", "P", "1500.50")),
        *read("deal", 55, "UPDATE", at(9), **deal("WON", "S", "1500.50")),
        *read("deal", 56, "ADD", at(4), **deal("NEW", "P", "700", LEAD_ID="0")),
        *read("deal", 56, "UPDATE", at(8), **deal("APOLOGY", "F", "700", LEAD_ID="0")),
        *read("deal", 57, "ADD", at(4), **deal("WON", "S", "99")),
        webhook("ONCRMDEALDELETE", 57, at(7)),
    ]


def by_hand() -> Events:
    """The same, in canonical events."""
    dates = {"expected_close": "2026-11-20"}
    common = {"pipeline": "general", "currency": "EUR", "rep": "11", **dates}
    mine = {"deal": "55", "amount": "1500.50", **common}
    other = {"deal": "56", "amount": "700", **common}
    call = {"rep": "11", "outcome": "connected", "direction": "outbound"}
    missed = {"rep": "11", "outcome": "no_answer", "direction": "inbound"}
    return [
        event("lead.created", at(2), "dana", channel="WEB"),
        event("lead.assigned", at(2), "dana", rep="11"),
        event("lead.qualified", at(2), "dana"),
        event("call.ended", at(2, "10:00:00"), "dana", **call),
        event("call.ended", at(2, "11:00:00"), "dana", **missed),
        event("email.sent", at(2, "12:00:00"), "dana", rep="11", email="3", links=0),
        event("activity.logged", at(2, "13:00:00"), "dana", rep="11", kind="meeting"),
        event("deal.changed", at(3), "dana", **mine | {"amount": "1000.00"}, stage="NEW"),
        event("deal.changed", at(5), "dana", **mine, stage="WON", status="won"),
        event("deal.changed", at(6), "dana", **mine, stage="EXECUTING", status="open"),
        event("deal.changed", at(9), "dana", **mine, stage="WON", status="won"),
        event("deal.changed", at(4), "dana", **other, stage="NEW", status="open"),
        event(
            "deal.changed", at(8), "dana", **other, stage="APOLOGY", status="lost", reason="APOLOGY"
        ),
        event("deal.changed", at(4), "dana", deal="57", stage="WON", status="won", **common),
        event("deal.deleted", at(7), "dana", deal="57"),
    ]


def test_story_gives_the_kpis_of_canonical_events_in_any_order() -> None:
    inbound = {"rep": "ivo", "direction": "inbound", "outcome": "connected"}
    mail = {"rep": "ivo", "email": "m-1", "links": 2}
    others = [
        event("call.ended", at(2, "15:00:00"), by_phone("74950004477"), **inbound),
        event("email.sent", at(2, "16:00:00"), by_email("dana@example.com"), **mail),
    ]
    known = [{**each, "subject": "dana"} for each in others]
    assert_same("bitrix24", story(), [*by_hand(), *known], others)


def test_deal_that_moves_to_another_pipeline_is_read() -> None:
    told = webhook("ONCRMDEALMOVETOCATEGORY", 55, at(2))
    assert [(each.kind, each.id) for each in outcome("bitrix24", told.body).reads] == [
        ("deal", "55")
    ]


def test_reading_a_record_twice_gives_the_same_events() -> None:
    first, second = (read("deal", 55, "UPDATE", at(5), **deal("WON", "S", "7")) for _ in range(2))
    assert translated("bitrix24", first) == translated("bitrix24", second)


def test_webhook_that_comes_late_takes_nothing_back() -> None:
    won = read("deal", 55, "UPDATE", at(5), **deal("WON", "S", "7"))
    late = [webhook("ONCRMDEALUPDATE", 55, at(9)), *won]
    found = kpis(translated("bitrix24", late))
    assert found[f"deal_count|{YEAR}"]["value"] == 1


def test_deal_without_a_lead_is_its_contacts() -> None:
    (_, told) = read("deal", 55, "ADD", at(5), **deal("NEW", "P", "7", LEAD_ID=None))
    merged = next(
        each for each in map(json.loads, translated("bitrix24", [told])) if "into" in each
    )
    assert merged["into"] == "bitrix24:contact:9"


def test_deal_of_nobody_stands_alone() -> None:
    (_, told) = read("deal", 55, "ADD", at(5), **deal("NEW", "P", "7", LEAD_ID="0", CONTACT_ID="0"))
    merged = next(
        each for each in map(json.loads, translated("bitrix24", [told])) if "into" in each
    )
    assert merged["into"] == merged["subject"] == "bitrix24:deal:55"


def test_no_name_address_or_number_leaves_the_inbox() -> None:
    (_, told) = read("lead", 7, "ADD", at(2), **LEAD, NAME="Dana", TITLE="Dana's lead")
    text = b"".join(translated("bitrix24", [told]))
    assert not any(secret in text for secret in (b"Dana", b"0004477", b"000-44-77", b"example.com"))
