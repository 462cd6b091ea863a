"""Twenty's people and opportunities as it sends them, and as canonical events."""

import json
from typing import Any

import pytest

from streams.sources.delivery import Delivery
from tests.kpis.story import call, deal, deleted, email, lead, moment, said
from tests.sources.stories.comparing import check_same, person
from tests.sources.translated import delivery, outcome


def sent(event: str, at: str, record: dict[str, Any]) -> Delivery:
    """What Twenty sends at a time: the record whole."""
    envelope = {"eventName": event, "eventDate": moment(at), "workspaceId": "ws", "webhookId": "wh"}
    return delivery("twenty", envelope | {"updatedFields": [], "record": record})


def kim(at: str, event: str = "person.created", **fields: Any) -> Delivery:
    """Kim's record was written."""
    usual = {
        "id": "kim",
        "createdAt": moment("03-01 08:00"),
        "updatedAt": moment(at),
        "createdBy": {"source": "MANUAL"},
        "emails": {"primaryEmail": "kim@example.com"},
        "phones": {"primaryPhoneNumber": "199001234", "primaryPhoneCallingCode": "+33"},
    }
    return sent(event, at, usual | fields)


def opportunity(at: str, event: str = "updated", number: int = 1, **fields: Any) -> Delivery:
    """An opportunity of Kim's company was written."""
    usual = {
        "id": f"opp-{number}",
        "updatedAt": moment(at),
        "stage": "NEW",
        "amount": {"amountMicros": 1_250_500_000, "currencyCode": "EUR"},
        "closeDate": moment("04-30 00:00"),
        "pointOfContactId": "kim",
        "companyId": "acme",
        "ownerId": "ann",
    }
    return sent(f"opportunity.{event}", at, usual | fields)


STATE: dict[str, Any] = {
    "stage": "NEW",
    "status": "open",
    "amount": "1250.5",
    "expected_close": "2026-04-30",
    "rep": "ann",
    "account": "twenty:company:acme",
}


def test_people_and_deals_give_the_kpis_of_the_same_story_as_canonical_events() -> None:
    story = [
        kim("03-01 08:00"),
        opportunity("03-02 09:00", "created"),
        opportunity("03-03 09:00", stage="PROPOSAL"),
        opportunity("03-04 09:00", stage="CUSTOMER"),
        opportunity("03-05 09:00", stage="PROPOSAL"),
        opportunity("03-06 09:00", stage="CUSTOMER", ownerId=None),
        opportunity("03-02 10:00", "created", 2),
        opportunity("03-03 10:00", "deleted", 2),
        opportunity("03-02 11:00", "created", 3),
        opportunity("03-03 11:00", "deleted", 3),
        opportunity("03-04 11:00", "restored", 3),
        opportunity("03-02 12:00", "created", 4),
        opportunity("03-03 12:00", "updated", 4, pointOfContactId=None),
    ]
    customer = {"stage": "CUSTOMER", "status": "won"}
    canonical = [
        lead("03-01 08:00", "kim", channel="manual"),
        deal("03-02 09:00", "opp-1", "kim", **STATE),
        deal("03-03 09:00", "opp-1", "kim", stage="PROPOSAL", status="open"),
        deal("03-04 09:00", "opp-1", "kim", **customer),
        deal("03-05 09:00", "opp-1", "kim", stage="PROPOSAL", status="open"),
        deal("03-06 09:00", "opp-1", "kim", rep=None, **customer),
        deal("03-02 10:00", "opp-2", "kim", **STATE),
        deleted("03-03 10:00", "opp-2", "kim"),
        deal("03-02 11:00", "opp-3", "kim", **STATE),
        deal("03-04 11:00", "opp-3", "kim", **STATE),
        # Its person was taken away, and its deal stands alone.
        deal("03-02 12:00", "opp-4", "deal:opp-4", **STATE),
        deal("03-03 12:00", "opp-4", "deal:opp-4", **STATE),
        said("subject.merged", "03-01 08:00", subject=person("phone", "33199001234"), into="kim"),
        said(
            "subject.merged", "03-01 08:00", subject=person("email", "kim@example.com"), into="kim"
        ),
    ]
    beside = [
        call("03-01 09:00", person("phone", "33199001234")),
        email("03-01 10:00", subject=person("email", "kim@example.com")),
    ]
    check_same("twenty", story, canonical, beside)


@pytest.mark.parametrize("source", ["EMAIL", "CALENDAR"])
def test_person_found_in_a_mailbox_is_no_lead(source: str) -> None:
    found = outcome("twenty", kim("03-01 08:00", createdBy={"source": source}).body)
    assert b"lead.created" not in b"".join(found.events)


def test_millionths_are_exact() -> None:
    amount = {"amountMicros": 12345678901234567, "currencyCode": "EUR"}
    (found, _) = outcome("twenty", opportunity("03-02 09:00", amount=amount).body).events
    assert json.loads(found)["amount"] == "12345678901.234567"


def test_record_that_is_read_gives_the_same_deal() -> None:
    request = json.loads(opportunity("03-02 09:00").body)
    record = {"_read": "opportunity"} | request["record"]
    deals = [json.loads(outcome("twenty", body).events[0]) for body in (request, record)]
    assert deals[0] | {"id": ""} == deals[1] | {"id": ""}


def test_number_and_address_are_not_kept() -> None:
    found = b"".join(outcome("twenty", kim("03-01 08:00").body).events)
    assert b"199001234" not in found
    assert b"example.com" not in found
