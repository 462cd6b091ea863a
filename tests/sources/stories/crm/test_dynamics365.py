"""Dynamics 365: execution contexts of Dataverse, and the records that are read for them."""

import json

from streams.sources.delivery import Delivery
from tests.sources.stories.crm.dynamics_requests import (
    ANN,
    GONE,
    LEAD,
    LOST,
    OTHER,
    PERSON,
    WON,
    change,
    closed,
    context,
    deal,
    done,
    guid,
    money,
    option,
    reference,
)
from tests.sources.stories.crm.stories import (
    Events,
    assert_same,
    at,
    by_email,
    by_phone,
    event,
    iso,
    record,
)
from tests.sources.translated import outcome, translated


def story() -> list[Delivery]:
    """A lead is called and mailed; its deals are won, opened again, lost, deleted."""
    owner, origin = reference("systemuser", ANN), reference("lead", LEAD)
    numbers = {"telephone1": "+1 555 010 4477", "emailaddress1": "dana@example.com"}
    merge = {
        "Target": reference("lead", LEAD),
        "SubordinateId": OTHER,
        "PerformParentingChecks": False,
    }
    won_again = {"actualvalue": money("1500.5"), "statecode": option(1)}
    return [
        change("Create", "lead", LEAD, at(2), ownerid=owner, leadsourcecode=option(8), **numbers),
        change("Create", "lead", OTHER, at(2, "09:30:00")),
        context("Merge", "lead", LEAD, at(10), merge),
        change("Update", "lead", LEAD, at(3), statecode=option(1), statuscode=option(3)),
        change("Create", "contact", PERSON, at(3), originatingleadid=origin),
        done("phonecall", 1, at(2, "10:00:00"), leftvoicemail=True, actualdurationminutes=2),
        done("phonecall", 2, at(2, "11:00:00"), regardingobjectid=reference("contact", PERSON)),
        done("email", 3, at(2, "12:00:00")),
        done("email", 4, at(2, "12:30:00"), directioncode=False),
        done("appointment", 5, at(2, "13:00:00"), regardingobjectid=reference("opportunity", WON)),
        deal("Create", WON, at(3), "1-Qualify", "1000", originatingleadid=origin),
        closed("Win", WON, at(5), 3, "1500.5"),
        change("Update", "opportunity", WON, at(6), statecode=option(0), stepname="3-Propose"),
        change("Update", "opportunity", WON, at(9), **won_again),
        deal(
            "Create", LOST, at(4), "1-Qualify", "700", parentcontactid=reference("contact", PERSON)
        ),
        closed("Lose", LOST, at(8), 5, "0"),
        deal("Create", GONE, at(4), "1-Qualify", "99"),
        context("Delete", "opportunity", GONE, at(7), {"Target": reference("opportunity", GONE)}),
    ]


def by_hand() -> Events:
    """The same, in canonical events."""
    dates = {"expected_close": "2026-11-20"}
    new = {"stage": "1-Qualify", "rep": ANN, "currency": "USD", "status": "open", **dates}
    call = {"rep": ANN, "direction": "outbound"}
    lost = {"deal": LOST, "status": "lost", "reason": "out-sold"}
    return [
        event("lead.created", at(2), "dana", rep=ANN, channel="web"),
        event("lead.created", at(2, "09:30:00"), "dana"),
        event("lead.qualified", at(3), "dana"),
        event("call.ended", at(2, "10:00:00"), "dana", outcome="voicemail", **call),
        event("call.ended", at(2, "11:00:00"), "dana", outcome="connected", **call),
        event("email.sent", at(2, "12:00:00"), "dana", rep=ANN, email=guid(3), links=0),
        event("activity.logged", at(2, "13:00:00"), "dana", rep=ANN, kind="meeting"),
        event("deal.changed", at(3), "dana", deal=WON, amount="1000", **new),
        event("deal.changed", at(5), "dana", deal=WON, amount="1500.5", status="won"),
        event("deal.changed", at(6), "dana", deal=WON, stage="3-Propose", status="open"),
        event("deal.changed", at(9), "dana", deal=WON, amount="1500.5", status="won"),
        event("deal.changed", at(4), "dana", deal=LOST, amount="700", **new),
        event("deal.changed", at(8), "dana", **lost),
        event("deal.changed", at(4), "gone", deal=GONE, amount="99", **new),
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
    assert_same("dynamics365", story(), [*by_hand(), *known], others)


def test_money_keeps_every_digit() -> None:
    body = deal("Create", WON, at(2), "1-Qualify", "1").body
    exact = body.replace(b'"Value": 1.0', b'"Value": 12345678901234567.89')
    assert json.loads(outcome("dynamics365", exact).events[0])["amount"] == "12345678901234567.89"


def test_zone_of_a_time_changes_nothing() -> None:
    (told,) = outcome("dynamics365", change("Update", "opportunity", WON, at(2)).body).events
    assert json.loads(told)["at"] == "2026-11-02T09:00:00Z"


def test_update_says_only_what_changed() -> None:
    sent = change("Update", "opportunity", WON, at(2), stepname="2-Develop")
    (told,) = map(json.loads, outcome("dynamics365", sent.body).events)
    assert (told["stage"], {"status", "amount", "rep", "currency"} & told.keys()) == (
        "2-Develop",
        set(),
    )


def test_context_that_was_too_large_is_read() -> None:
    sent = context("Update", "opportunity", WON, at(2), {})
    headers = {"x-ms-dynamics-msg-size-exceeded": "true"}
    found = outcome("dynamics365", sent.body, headers=headers)
    assert ([(each.kind, each.id) for each in found.reads], found.events) == ([("deal", WON)], [])


def test_new_contact_of_a_deal_does_not_take_it_from_its_lead() -> None:
    sent = change("Update", "opportunity", WON, at(2), parentcontactid=reference("contact", PERSON))
    found = outcome("dynamics365", sent.body)
    assert [(each.kind, each.id) for each in found.reads] == [("deal", WON)]
    assert [json.loads(each)["type"] for each in found.events] == ["deal.changed"]


def test_activity_without_an_image_is_read() -> None:
    sent = change("Update", "phonecall", guid(1), at(2), statecode=option(1))
    assert [(each.kind, each.id) for each in outcome("dynamics365", sent.body).reads] == [
        ("phonecall", guid(1))
    ]


def test_call_read_is_the_call_of_the_image() -> None:
    name = "_regardingobjectid_value"
    fields = {
        "activityid": guid(1),
        "statecode": 1,
        "directioncode": True,
        "actualend": iso(at(2)),
        "_ownerid_value": ANN,
        name: LEAD,
        f"{name}@Microsoft.Dynamics.CRM.lookuplogicalname": "lead",
    }
    told = [done("phonecall", 1, at(2)), record("dynamics365", "phonecall", fields)]
    first, second = map(json.loads, translated("dynamics365", told))
    assert first == second


def test_invoice_is_paid_when_its_state_says_so() -> None:
    fields = {
        "invoiceid": guid(1),
        "_customerid_value": guid(2),
        "totalamount": 100,
        "duedate": "2026-11-20T00:00:00Z",
        "createdon": iso(at(2)),
        "modifiedon": iso(at(9)),
    }
    told = [
        record("dynamics365", "invoice", fields | {"statecode": 0, "modifiedon": iso(at(2))}),
        record("dynamics365", "invoice", fields | {"statecode": 2}),
    ]
    subject = f"dynamics365:account:{guid(2)}"
    common = {"invoice": guid(1), "amount": "100", "currency": "USD"}
    by_hand = [
        event("invoice.issued", at(2), subject, due="2026-11-20", **common),
        event("invoice.paid", at(9), subject, **common),
    ]
    assert_same("dynamics365", told, by_hand)


def test_deal_read_is_of_its_lead_first() -> None:
    fields = {
        "opportunityid": WON,
        "statecode": 2,
        "statuscode": 4,
        "estimatedvalue": 5,
        "modifiedon": iso(at(9)),
        "_originatingleadid_value": LEAD,
        "_parentcontactid_value": PERSON,
    }
    events = [
        json.loads(each)
        for each in translated("dynamics365", [record("dynamics365", "deal", fields)])
    ]
    assert [each.get("into") for each in events] == [None, f"dynamics365:lead:{LEAD}"]
    assert (events[0]["status"], events[0]["reason"]) == ("lost", "cancelled")
