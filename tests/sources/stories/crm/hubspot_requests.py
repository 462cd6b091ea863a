"""Requests and records of HubSpot, as it sends them."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any

from streams.sources.delivery import Delivery
from tests.sources.stories.crm.stories import iso, ms, record
from tests.sources.translated import delivery

numbers = count(9000)
CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
VOICEMAIL = "b2cf5968-551e-4856-9783-52b3da59a7d0"


def change(kind: str, number: int, moment: datetime, **fields: Any) -> dict[str, Any]:
    """One change, as HubSpot sends it in its arrays."""
    return {
        "eventId": next(numbers),
        "subscriptionId": 1,
        "portalId": 62515,
        "appId": 3,
        "occurredAt": ms(moment),
        "subscriptionType": kind,
        "attemptNumber": 0,
        "objectId": number,
        "changeSource": "CRM",
        **fields,
    }


def deal(number: int, moment: datetime, **values: str) -> Iterator[dict[str, Any]]:
    """Properties of a deal that change together."""
    for name, value in values.items():
        fields = {"propertyName": name, "propertyValue": value}
        yield change("deal.propertyChange", number, moment, **fields)


def contact(number: int, moment: datetime, **values: str) -> Iterator[dict[str, Any]]:
    """Properties of a contact that change together."""
    for name, value in values.items():
        fields = {"propertyName": name, "propertyValue": value}
        yield change("contact.propertyChange", number, moment, **fields)


def association(deal: int, contact: int, moment: datetime, *, removed: bool = False) -> list[Any]:
    """An association as it is told of: by the deal, and by the contact."""
    common = {"associationRemoved": removed, "isPrimaryAssociation": False}
    one = {"associationType": "DEAL_TO_CONTACT", "fromObjectId": deal, "toObjectId": contact}
    other = {"associationType": "CONTACT_TO_DEAL", "fromObjectId": contact, "toObjectId": deal}
    return [
        change("deal.associationChange", deal, moment, **common, **one),
        change("contact.associationChange", contact, moment, **common, **other),
    ]


def request(*changes: dict[str, Any]) -> Delivery:
    """One request: an array of changes."""
    return delivery("hubspot", json.dumps(changes).encode())


def of(*contacts: int) -> dict[str, Any]:
    """The associations of a record read."""
    return {"contacts": {"results": [{"id": str(each), "type": "x"} for each in contacts]}}


def called(number: int, contact: int, moment: datetime, disposition: str) -> Delivery:
    """A call, as it is read."""
    properties = {
        "hs_timestamp": iso(moment),
        "hs_call_direction": "OUTBOUND",
        "hs_call_disposition": disposition,
        "hs_call_status": "COMPLETED",
        "hs_call_duration": "125000",
        "hubspot_owner_id": "11",
    }
    found = {"id": str(number), "properties": properties, "associations": of(contact)}
    return record("hubspot", "call", found)


def mailed(number: int, contact: int, moment: datetime) -> Delivery:
    """A mail that was sent, as it is read."""
    properties = {
        "hs_timestamp": iso(moment),
        "hs_email_direction": "EMAIL",
        "hubspot_owner_id": "11",
    }
    found = {"id": str(number), "properties": properties, "associations": of(contact)}
    return record("hubspot", "email", found)
