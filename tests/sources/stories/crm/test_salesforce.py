"""Salesforce: Change Data Capture by a relay, Outbound Messages, and records read."""

import json
from datetime import datetime
from itertools import count
from typing import Any

from streams.sources.delivery import Delivery
from tests.sources.stories.crm.stories import (
    Events,
    assert_same,
    at,
    by_email,
    by_phone,
    event,
    iso,
    ms,
    record,
)
from tests.sources.translated import delivery, kpis, outcome, translated

YEAR = "all|year|2026-01-01T00:00:00+00:00"
LEAD, OTHER, CONTACT = "00Q000000000001AAA", "00Q000000000002AAA", "003000000000001AAA"
WON, LOST, GONE = "006000000000001AAA", "006000000000002AAA", "006000000000003AAA"
ANN = "005000000000011AAA"
keys = count(1)


def change(entity: str, kind: str, moment: datetime, *ids: str, **fields: Any) -> dict[str, Any]:
    """One change of one or many records."""
    header = {
        "entityName": entity,
        "recordIds": [*ids],
        "changeType": kind,
        "changeOrigin": "",
        "transactionKey": f"0000-{next(keys)}",
        "sequenceNumber": 1,
        "commitTimestamp": ms(moment),
        "commitNumber": 1,
        "commitUser": ANN,
        "changedFields": [*fields],
    }
    payload = {"ChangeEventHeader": header, **fields}
    return {"schema": "s", "payload": payload, "event": {"replayId": next(keys)}}


def request(*changes: dict[str, Any]) -> Delivery:
    """A relay's request: one change alone, several as a list."""
    return delivery("salesforce", changes[0] if len(changes) == 1 else [*changes])


def leads() -> list[Delivery]:
    """A lead is called, mailed and converted; another is merged into it."""
    person = {"Phone": "+1 555-010-4477", "Email": "dana@example.com", "LeadSource": "Web"}
    call = {"TaskSubtype": "Call", "Status": "Completed", "WhoId": LEAD, "OwnerId": ANN}
    mail = {"TaskSubtype": "Email", "Status": "Completed", "WhoId": LEAD, "OwnerId": ANN}
    converted = {"IsConverted": True, "ConvertedContactId": CONTACT, "ConvertedOpportunityId": WON}
    return [
        request(change("Lead", "CREATE", at(2), LEAD, OwnerId=ANN, Status="New", **person)),
        request(
            change("Task", "CREATE", at(2, "10:00:00"), "00T1", **call, CallDisposition="Busy"),
            change("Task", "CREATE", at(2, "11:00:00"), "00T2", **call, CallType="Outbound"),
            change("Task", "CREATE", at(2, "12:00:00"), "00T3", **mail),
        ),
        request(change("Event", "CREATE", at(2, "13:00:00"), "00U1", WhoId=LEAD, OwnerId=ANN)),
        request(change("Lead", "UPDATE", at(3), LEAD, Status="Qualified", **converted)),
        request(change("Lead", "CREATE", at(2, "09:30:00"), OTHER, OwnerId=ANN)),
        request(change("Lead", "DELETE", at(10), OTHER)),
        record(
            "salesforce",
            "lead",
            {
                "attributes": {"type": "Lead"},
                "Id": OTHER,
                "IsDeleted": True,
                "MasterRecordId": LEAD,
                "CreatedDate": iso(at(2, "09:30:00")).replace("Z", "+0000"),
                "LastModifiedDate": iso(at(10)).replace("Z", "+0000"),
            },
        ),
    ]


def deals() -> list[Delivery]:
    """Deals of the lead: one is won, opened again and won, one is lost, one deleted."""
    opened = {"OwnerId": ANN, "CurrencyIsoCode": "EUR", "CloseDate": "2026-11-20"}
    return [
        request(
            change(
                "Opportunity", "CREATE", at(3), WON, StageName="Prospecting", Amount=1000, **opened
            )
        ),
        request(
            change("Opportunity", "CREATE", at(4), LOST, GONE, StageName="Qualification", **opened),
            change(
                "OpportunityContactRole",
                "CREATE",
                at(4),
                "00K1",
                OpportunityId=LOST,
                ContactId=CONTACT,
            ),
        ),
        request(change("Opportunity", "UPDATE", at(5), WON, StageName="Closed Won", Amount=1500.5)),
        request(change("Opportunity", "UPDATE", at(6), WON, StageName="Negotiation/Review")),
        request(change("Opportunity", "UPDATE", at(9), WON, StageName="Closed Won")),
        request(
            change(
                "Opportunity",
                "UPDATE",
                at(8),
                LOST,
                StageName="Closed Lost",
                Loss_Reason__c="price",
            )
        ),
        request(change("Opportunity", "DELETE", at(7), GONE)),
    ]


def by_hand() -> Events:
    """The same, in canonical events."""
    common = {"rep": ANN, "currency": "EUR", "expected_close": "2026-11-20"}
    call = {"rep": ANN, "direction": "outbound"}
    new = {"stage": "Qualification", "status": "open"}
    won = {"deal": WON, "stage": "Closed Won", "status": "won"}
    lost = {"stage": "Closed Lost", "status": "lost", "reason": "price"}
    return [
        event("lead.created", at(2), "dana", rep=ANN, channel="Web"),
        event("lead.created", at(2, "09:30:00"), "dana", rep=ANN),
        event("call.ended", at(2, "10:00:00"), "dana", outcome="busy", **call),
        event("call.ended", at(2, "11:00:00"), "dana", outcome="connected", **call),
        event("email.sent", at(2, "12:00:00"), "dana", rep=ANN, email="00T3", links=0),
        event("activity.logged", at(2, "13:00:00"), "dana", rep=ANN, kind="meeting"),
        event("lead.qualified", at(3), "dana"),
        event("lead.handed_over", at(3), "dana"),
        event(
            "deal.changed", at(3), "dana", deal=WON, stage="Prospecting", amount="1000", **common
        ),
        event("deal.changed", at(5), "dana", amount="1500.5", **won),
        event("deal.changed", at(6), "dana", deal=WON, stage="Negotiation/Review", status="open"),
        event("deal.changed", at(9), "dana", **won),
        event("deal.changed", at(4), "dana", deal=LOST, **new, **common),
        event("deal.changed", at(8), "dana", deal=LOST, **lost),
        event("deal.changed", at(4), "gone", deal=GONE, **new, **common),
        event("deal.deleted", at(7), "gone", deal=GONE),
    ]


def test_story_gives_the_kpis_of_canonical_events_in_any_order() -> None:
    inbound = {"rep": "ivo", "direction": "inbound", "outcome": "connected"}
    mail = {"rep": "ivo", "email": "m-1", "links": 2}
    others = [
        event("call.ended", at(2, "15:00:00"), by_phone("15550104477"), **inbound),
        event("email.sent", at(2, "16:00:00"), by_email("dana@example.com"), **mail),
    ]
    known = [{**each, "subject": "dana"} for each in others]
    assert_same("salesforce", [*leads(), *deals()], [*by_hand(), *known], others)


def test_change_of_many_records_is_one_of_each() -> None:
    told = change("Opportunity", "UPDATE", at(2), WON, LOST, StageName="Closed Won")
    events = [json.loads(each) for each in outcome("salesforce", told).events]
    assert [each["deal"] for each in events] == [WON, LOST]
    assert len({each["id"] for each in events}) == 2


def test_envelope_of_a_channel_is_opened() -> None:
    told = change("Opportunity", "UPDATE", at(2), WON, StageName="Closed Won")
    wrapped = {"channel": "/data/ChangeEvents", "data": told}
    assert outcome("salesforce", wrapped).events == outcome("salesforce", told).events
    assert outcome("salesforce", [wrapped]).events == outcome("salesforce", told).events


def test_change_without_fields_asks_for_its_records() -> None:
    found = outcome("salesforce", change("Opportunity", "GAP_UPDATE", at(2), WON, LOST))
    assert [(each.kind, each.id) for each in found.reads] == [("deal", WON), ("deal", LOST)]
    assert found.events == []


def test_deletion_without_fields_is_a_deletion() -> None:
    (told,) = outcome("salesforce", change("Opportunity", "GAP_DELETE", at(2), WON)).events
    assert json.loads(told)["type"] == "deal.deleted"


def test_overflow_says_that_changes_have_to_be_pulled() -> None:
    found = outcome(
        "salesforce", change("Opportunity", "GAP_OVERFLOW", at(2), "000000000000000AAA")
    )
    assert "sources pull salesforce" in found.unmapped[0].reason


def test_field_that_was_cleared_is_no_longer_known() -> None:
    (told,) = outcome("salesforce", change("Opportunity", "UPDATE", at(2), WON, Amount=None)).events
    found = json.loads(told)
    assert found["amount"] is None
    assert "status" not in found


def test_percentage_becomes_a_probability() -> None:
    (told,) = outcome(
        "salesforce", change("Opportunity", "UPDATE", at(2), WON, Probability=35)
    ).events
    assert json.loads(told)["probability"] == 0.35


OUTBOUND = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">
  <OrganizationId>00D000000000001AAA</OrganizationId><ActionId>04k000000000001AAA</ActionId>
  <SessionId xsi:nil="true"/><EnterpriseUrl>x</EnterpriseUrl><PartnerUrl>x</PartnerUrl>
  NOTIFICATIONS
 </notifications></soapenv:Body></soapenv:Envelope>"""
NOTIFICATION = """<Notification><Id>04l{number}</Id>
 <sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
 <sf:Id>{deal}</sf:Id><sf:Amount>1500.50</sf:Amount><sf:CurrencyIsoCode>EUR</sf:CurrencyIsoCode>
 <sf:LastModifiedDate>2026-11-05T09:00:00.000Z</sf:LastModifiedDate>
 <sf:OwnerId>005000000000011AAA</sf:OwnerId><sf:StageName>{stage}</sf:StageName></sObject>
</Notification>"""


def outbound(*deals: tuple[str, str]) -> bytes:
    """An Outbound Message with one notification for each deal and stage."""
    parts = [
        NOTIFICATION.format(number=number, deal=deal, stage=stage)
        for number, (deal, stage) in enumerate(deals)
    ]
    return OUTBOUND.replace("NOTIFICATIONS", "".join(parts)).encode()


def test_outbound_message_of_one_deal_is_its_present_state() -> None:
    (told,) = map(json.loads, outcome("salesforce", outbound((WON, "Closed Won"))).events)
    assert told["at"] == "2026-11-05T09:00:00Z"
    assert (told["deal"], told["status"], told["amount"]) == (WON, "won", "1500.50")


def test_outbound_message_of_several_deals_is_an_event_of_each() -> None:
    body = outbound((WON, "Closed Won"), (LOST, "Closed Lost"))
    found = kpis(outcome("salesforce", body).events)
    assert found[f"close_rate|{YEAR}"]["parts"] == {"hits": 1, "total": 2}


def test_outbound_message_is_of_the_same_deal_as_a_change() -> None:
    message = json.loads(outcome("salesforce", outbound((WON, "Closed Won"))).events[0])
    changed = change("Opportunity", "UPDATE", at(2), WON, StageName="Closed Won")
    assert message["subject"] == json.loads(outcome("salesforce", changed).events[0])["subject"]


def test_completed_task_is_read_for_the_fields_that_did_not_change() -> None:
    found = outcome("salesforce", change("Task", "UPDATE", at(2), "00T1", Status="Completed"))
    assert [(each.kind, each.id) for each in found.reads] == [("task", "00T1")]


def test_call_read_later_is_the_call_that_was_logged() -> None:
    fields = {"TaskSubtype": "Call", "Status": "Completed", "WhoId": LEAD, "OwnerId": ANN}
    logged = request(change("Task", "CREATE", at(2), "00T1", **fields))
    extra = {"Id": "00T1", "attributes": {"type": "Task"}, "CompletedDateTime": iso(at(2))}
    again = record("salesforce", "task", fields | extra)
    assert {json.loads(each)["id"] for each in translated("salesforce", [logged, again])} == {
        '["call","00T1"]'
    }
