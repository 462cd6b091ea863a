"""HubSpot: contacts, deals, calls and mails as its webhooks and records have them."""

from streams.sources.delivery import Delivery
from tests.sources.stories.crm.hubspot_requests import (
    CONNECTED,
    VOICEMAIL,
    association,
    called,
    change,
    contact,
    deal,
    mailed,
    request,
)
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


def contacts() -> list[Delivery]:
    """A lead is called and mailed; another is merged into it."""
    person = {
        "hs_analytics_source": "PAID_SEARCH",
        "hubspot_owner_id": "11",
        "phone": "+1 (555) 010-4477",
        "email": "Dana@Example.com",
    }
    times = {"createdAt": iso(at(2)), "updatedAt": iso(at(2, "09:01:00"))}
    return [
        request(change("contact.creation", 7, at(2))),
        record("hubspot", "contact", {"id": "7", "properties": person, **times}),
        request(*contact(7, at(2, "09:05:00"), lifecyclestage="marketingqualifiedlead")),
        request(*contact(7, at(2, "09:06:00"), lifecyclestage="salesqualifiedlead")),
        called(301, 7, at(2, "09:30:00"), VOICEMAIL),
        called(302, 7, at(2, "11:00:00"), CONNECTED),
        mailed(401, 7, at(2, "12:00:00")),
        request(change("contact.creation", 8, at(3, "10:00:00"))),
        called(303, 8, at(3, "10:10:00"), CONNECTED),
        request(
            change(
                "contact.merge",
                7,
                at(10),
                primaryObjectId=7,
                mergedObjectIds=[8],
                newObjectId=7,
                numberOfPropertiesMoved=2,
            ),
            change("contact.deletion", 8, at(10)),
        ),
    ]


def deals() -> list[Delivery]:
    """Deals of the lead: one is won, opened again and won, one is lost, one deleted."""
    return [
        request(
            change("deal.creation", 55, at(3)),
            *deal(55, at(3), dealstage="appointmentscheduled", amount="1000", pipeline="default"),
            *deal(55, at(3), hubspot_owner_id="11", deal_currency_code="EUR"),
            *deal(55, at(3), closedate=str(ms(at(20)))),
            *association(55, 7, at(3, "09:00:01")),
        ),
        request(*deal(55, at(5), dealstage="closedwon", amount="1500.50")),
        request(*deal(55, at(6), dealstage="contractsent")),
        request(*deal(55, at(9), dealstage="closedwon")),
        request(
            change("deal.creation", 56, at(4)),
            *deal(56, at(4), dealstage="qualifiedtobuy", amount="700", deal_currency_code="EUR"),
            *association(56, 7, at(4, "09:00:01")),
        ),
        request(*deal(56, at(8), closed_lost_reason="price", dealstage="closedlost")),
        request(
            change("deal.creation", 57, at(4)),
            *deal(57, at(4), dealstage="closedwon", amount="99", deal_currency_code="EUR"),
        ),
        request(change("deal.deletion", 57, at(7))),
    ]


def contacts_by_hand() -> Events:
    """The same contacts, in canonical events."""
    call = {"rep": "11", "direction": "outbound"}
    return [
        event("lead.created", at(2), "dana", channel="paid search", media="paid"),
        event("lead.assigned", at(2, "09:01:00"), "dana", rep="11"),
        event("lead.qualified", at(2, "09:05:00"), "dana"),
        event("lead.handed_over", at(2, "09:06:00"), "dana"),
        event("call.ended", at(2, "09:30:00"), "dana", outcome="voicemail", **call),
        event("call.ended", at(2, "11:00:00"), "dana", outcome="connected", **call),
        event("email.sent", at(2, "12:00:00"), "dana", rep="11", email="401", links=0),
        event("lead.created", at(3, "10:00:00"), "dana"),
        event("call.ended", at(3, "10:10:00"), "dana", outcome="connected", **call),
    ]


def deals_by_hand() -> Events:
    """The same deals, in canonical events."""
    mine = {"deal": "55"}
    new = {"stage": "appointmentscheduled", "amount": "1000", "pipeline": "default"}
    new |= {"status": "open", "currency": "EUR"}
    return [
        event("deal.changed", at(3), "dana", **mine, **new, rep="11", expected_close="2026-11-20"),
        event(
            "deal.changed",
            at(5),
            "dana",
            **mine,
            stage="closedwon",
            status="won",
            amount="1500.50",
        ),
        event("deal.changed", at(6), "dana", **mine, stage="contractsent", status="open"),
        event("deal.changed", at(9), "dana", **mine, stage="closedwon", status="won"),
        event(
            "deal.changed",
            at(4),
            "dana",
            deal="56",
            stage="qualifiedtobuy",
            status="open",
            amount="700",
            currency="EUR",
        ),
        event(
            "deal.changed",
            at(8),
            "dana",
            deal="56",
            stage="closedlost",
            status="lost",
            reason="price",
        ),
    ]


def test_story_gives_the_kpis_of_canonical_events_in_any_order() -> None:
    call = {"rep": "ivo", "direction": "inbound", "outcome": "connected"}
    mail = {"rep": "ivo", "email": "m-1", "links": 2}
    others = [
        event("call.ended", at(2, "15:00:00"), by_phone("15550104477"), **call),
        event("email.sent", at(2, "16:00:00"), by_email("dana@example.com"), **mail),
    ]
    known = [{**each, "subject": "dana"} for each in others]
    by_hand = [*contacts_by_hand(), *deals_by_hand(), *known]
    assert_same("hubspot", [*contacts(), *deals()], by_hand, others)
