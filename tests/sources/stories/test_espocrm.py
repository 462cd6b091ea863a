"""EspoCRM's records as its webhooks send them, and as canonical events."""

import json
from typing import Any

import pytest

from streams.sources.delivery import Delivery
from tests.kpis.story import call, deal, deleted, instant, lead, moment, said
from tests.sources.stories.comparing import check_same, person
from tests.sources.translated import delivery, outcome


def espo(at: str) -> str:
    """A time as EspoCRM writes it: UTC without an offset."""
    return moment(at).replace("T", " ").removesuffix("Z")


def sent(event: str, *records: dict[str, Any]) -> Delivery:
    """A batch of records to the address of one event: the body does not name it."""
    return delivery("espocrm", [*records], query={"event": event})


def changed(at: str, kind: str, name: str, **fields: Any) -> Delivery:
    """An update that comes at a time: what changed, and no time in it."""
    request = sent(f"{kind}.update", {"id": name} | fields)
    return request._replace(received=instant(at))


def kim(at: str, **fields: Any) -> dict[str, Any]:
    """The lead Kim as of a time."""
    return {"id": "kim", "modifiedAt": espo(at)} | fields


def created(**fields: Any) -> dict[str, Any]:
    """The lead Kim as it was created: whole."""
    usual = {
        "createdAt": espo("03-01 08:00"),
        "source": "Web Site",
        "status": "New",
        "assignedUserId": "ann",
        "phoneNumber": "+33199001234",
        "emailAddress": "Kim@Example.com",
    }
    return kim("03-01 08:00", **(usual | fields))


def opportunity(at: str, name: str = "opp-1", **fields: Any) -> dict[str, Any]:
    """An opportunity as of a time."""
    return {"id": name, "modifiedAt": espo(at)} | fields


NEW: dict[str, Any] = {
    "stage": "Prospecting",
    "amount": 1000,
    "amountCurrency": "EUR",
    "probability": 10,
    "closeDate": "2026-04-30",
    "assignedUserId": "ann",
    "accountId": "acme",
    "contactId": "contact-kim",
}
STATE: dict[str, Any] = {
    "stage": "Prospecting",
    "status": "open",
    "amount": "1000",
    "probability": 0.1,
    "expected_close": "2026-04-30",
    "rep": "ann",
    "account": "espocrm:account:acme",
}


def test_leads_and_deals_give_the_kpis_of_the_same_story_as_canonical_events() -> None:
    converted = {"status": "Converted", "createdContactId": "contact-kim"}
    story = [
        sent("Lead.create", created()),
        changed("03-02 08:00", "Lead", "kim", assignedUserId="bob"),
        changed("03-02 09:00", "Lead", "kim", **converted),
        sent(
            "Opportunity.create",
            opportunity("03-02 09:00", **NEW),
            opportunity("03-02 10:00", "opp-2", **NEW),
        ),
        changed("03-04 09:00", "Opportunity", "opp-1", stage="Closed Won", probability=100),
        sent("Opportunity.fieldUpdate.stage", {"id": "opp-1", "stage": "Closed Won"})._replace(
            received=instant("03-04 09:00")
        ),
        changed("03-05 09:00", "Opportunity", "opp-1", stage="Proposal", amount=900.5),
        changed("03-05 12:00", "Opportunity", "opp-1", stage="Closed Won"),
        changed("03-05 15:00", "Opportunity", "opp-1", stage="Proposal"),
        changed("03-06 09:00", "Opportunity", "opp-1", stage="Closed Lost"),
        sent("Opportunity.delete", opportunity("03-07 09:00", "opp-2")),
        sent("Lead.create", created(id="alex", phoneNumber=None, emailAddress=None)),
        changed("03-03 09:00", "Lead", "alex", status="Dead"),
        sent("Contact.create", {"id": "contact-kim", "createdAt": espo("03-02 09:00")}),
    ]
    canonical = [
        lead("03-01 08:00", "kim", channel="Web Site", rep="ann"),
        said("lead.assigned", "03-02 08:00", subject="kim", rep="bob"),
        said("lead.qualified", "03-02 09:00", subject="kim"),
        deal("03-02 09:00", "opp-1", "kim", **STATE),
        deal("03-04 09:00", "opp-1", "kim", stage="Closed Won", status="won", probability=1),
        deal("03-05 09:00", "opp-1", "kim", stage="Proposal", status="open", amount="900.5"),
        deal("03-05 12:00", "opp-1", "kim", stage="Closed Won", status="won"),
        deal("03-05 15:00", "opp-1", "kim", stage="Proposal", status="open"),
        deal("03-06 09:00", "opp-1", "kim", stage="Closed Lost", status="lost"),
        deal("03-02 10:00", "opp-2", "kim", **STATE),
        deleted("03-07 09:00", "opp-2", "kim"),
        lead("03-01 08:00", "alex", channel="Web Site", rep="ann"),
        said("lead.disqualified", "03-03 09:00", subject="alex", reason="dead"),
        said("subject.merged", "03-01 08:00", subject=person("phone", "33199001234"), into="kim"),
    ]
    check_same("espocrm", story, canonical, [call("03-01 09:00", person("phone", "33199001234"))])


HELD: dict[str, Any] = {
    "id": "call-1",
    "status": "Held",
    "direction": "Outbound",
    "dateStart": "2026-03-02 09:00:00",
    "dateEnd": "2026-03-02 09:05:00",
    "duration": 300,
    "assignedUserId": "ann",
    "parentType": "Lead",
    "parentId": "kim",
}


def test_calls_give_the_kpis_of_the_same_calls_as_canonical_events() -> None:
    other = {"id": "call-2", "status": "Not Held", "dateEnd": "2026-03-02 10:05:00"}
    story = [
        sent("Lead.create", created()),
        sent("Call.create", HELD),
        sent("Call.create", HELD | {"id": "call-3", "status": "Planned"}),
        delivery("espocrm", {"_read": "call"} | HELD | other),
    ]
    canonical = [
        lead("03-01 08:00", "kim", channel="Web Site", rep="ann"),
        call("03-02 09:05", "kim", seconds=300),
        call("03-02 10:05", "kim", seconds=300, outcome="no_answer"),
    ]
    check_same("espocrm", story, canonical)


def test_planned_call_that_was_held_is_read() -> None:
    found = outcome("espocrm", [{"id": "call-1", "status": "Held"}], query={"event": "Call.update"})
    assert found.events == []
    assert found.reads == [("call", "call-1")]


@pytest.mark.parametrize(
    ("fields", "into"), [({}, "espocrm:lead:kim"), ({"createdContactId": "c"}, None)]
)
def test_converted_lead_has_its_deal_by_itself_or_by_its_contact(
    fields: dict[str, str], into: str | None
) -> None:
    body = [kim("03-02 09:00", createdOpportunityId="opp-1", **fields)]
    found = outcome("espocrm", body, query={"event": "Lead.update"}).events
    merged = {event["subject"]: event["into"] for event in map(json.loads, found)}
    assert merged.get("espocrm:deal:opp-1") == into


def test_records_without_the_event_in_the_address_are_ignored() -> None:
    found = outcome("espocrm", [opportunity("03-02 09:00", **NEW), created()])
    assert (found.events, found.ignored) == ([], 2)


def test_deletion_without_a_time_is_dated_by_its_arrival() -> None:
    (found,) = outcome("espocrm", [{"id": "opp-1"}], query={"event": "Opportunity.delete"}).events
    assert json.loads(found)["at"] == "2026-11-18T11:06:40Z"
