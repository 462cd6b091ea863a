"""Webhooks of HubSpot: contacts and deals as arrays of changes."""

from collections.abc import Iterator
from typing import Any

from streams.demo.simulation.company import EventData
from streams.demo.simulation.wire.request import (
    REP_NUMBERS,
    WebhookBody,
    checksum,
    happened,
    number,
    of_json,
    phone,
)

PORTAL = 62515
# Numbers of contacts, deals, and contacts that are entered twice, by the number of their lead.
CONTACTS, DEALS, TWINS = 9_000_000, 7_000_000, 8_000_000
FIRST_STAGE, LAST_STAGE = "discovery", "negotiation"
STAGES = {"won": "closedwon", "lost": "closedlost"}
LIFECYCLE = {
    "lead.qualified": ("lifecyclestage", "marketingqualifiedlead"),
    "lead.handed_over": ("lifecyclestage", "salesqualifiedlead"),
    "lead.disqualified": ("hs_lead_status", "UNQUALIFIED"),
}
TWIN_EVERY = 9


def webhooks(event: EventData, attempt: int = 0) -> list[WebhookBody]:
    """Give the webhooks of an event; none where HubSpot sends none for its type."""
    found = [change | {"attemptNumber": attempt} for change in _changes(event)]
    return [of_json("hubspot", found)] if found else []


def mistake(at: int, serial: int) -> WebhookBody:
    """Give a webhook that verifies and cannot be mapped: an amount that is no number."""
    fields = {"propertyName": "amount", "propertyValue": "about five thousand"}
    change = _change("deal.propertyChange", DEALS + serial, at, ("mistake", serial), **fields)
    return of_json("hubspot", [change | {"attemptNumber": 0}])


def _changes(event: EventData) -> Iterator[dict[str, Any]]:
    kind, at = event["type"], happened(event)
    if kind == "lead.created":
        yield from _created(event, at)
    elif kind == "lead.assigned":
        yield from _properties("contact", event, hubspot_owner_id=REP_NUMBERS[str(event["rep"])])
    elif kind in LIFECYCLE:
        name, value = LIFECYCLE[str(kind)]
        yield from _properties("contact", event, **{name: value})
    elif kind == "deal.changed":
        yield from _deal(event, at)
    elif kind == "deal.deleted":
        deal = DEALS + number(event["deal"])
        yield _change("deal.deletion", deal, at, (event["id"],))


def _created(event: EventData, at: int) -> Iterator[dict[str, Any]]:
    """Give the changes of a new contact; some are entered twice, and merged at once."""
    lead = number(event["subject"])
    contact = CONTACTS + lead
    yield _change("contact.creation", contact, at, (event["id"],))
    known = {"phone": phone(lead)}
    if "rep" in event:
        known["hubspot_owner_id"] = REP_NUMBERS[str(event["rep"])]
    yield from _properties("contact", event, **known)
    if lead % TWIN_EVERY == 0:
        twin = TWINS + lead
        yield _change("contact.creation", twin, at, (event["id"], twin))
        merged = {"primaryObjectId": contact, "mergedObjectIds": [twin]}
        yield _change("contact.merge", contact, at, (event["id"], "merge"), **merged)
        yield _change("contact.deletion", twin, at, (event["id"], "merged"))


def _deal(event: EventData, at: int) -> Iterator[dict[str, Any]]:
    lead = number(event["deal"])
    if event.get("stage") == FIRST_STAGE:
        yield _change("deal.creation", DEALS + lead, at, (event["id"],))
        ends = {"fromObjectId": DEALS + lead, "toObjectId": CONTACTS + lead}
        association = {"associationType": "DEAL_TO_CONTACT", "associationRemoved": False, **ends}
        seed = (event["id"], "association")
        yield _change("deal.associationChange", DEALS + lead, at, seed, **association)
    status = str(event.get("status", "open"))
    known = {
        "dealstage": STAGES.get(status, str(event.get("stage", LAST_STAGE))),
        "amount": event.get("amount"),
        "deal_currency_code": event.get("currency"),
        "closed_lost_reason": event.get("reason"),
        "closedate": event.get("expected_close"),
    }
    yield from _properties("deal", event, **{name: v for name, v in known.items() if v is not None})


def _properties(entity: str, event: EventData, **values: object) -> Iterator[dict[str, Any]]:
    """Give a change for each of some properties that are saved together."""
    lead = number(event["deal"] if entity == "deal" else event["subject"])
    record = (DEALS if entity == "deal" else CONTACTS) + lead
    for name, value in values.items():
        fields = {"propertyName": name, "propertyValue": str(value)}
        seed = (event["id"], name, value)
        yield _change(f"{entity}.propertyChange", record, happened(event), seed, **fields)


def _change(
    kind: str, record: int, at: int, seed: tuple[object, ...], **fields: object
) -> dict[str, Any]:
    return {
        "eventId": checksum(kind, *seed),
        "subscriptionId": 1,
        "portalId": PORTAL,
        "appId": 3,
        "occurredAt": at,
        "subscriptionType": kind,
        "objectId": record,
        "changeSource": "CRM",
        **fields,
    }
