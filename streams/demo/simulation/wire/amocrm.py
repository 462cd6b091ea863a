"""Webhooks of amoCRM: leads, which are deals too, and notes of calls, as bracketed forms."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import orjson

from streams.demo.simulation.company import EventData
from streams.demo.simulation.wire.request import (
    FORM,
    REP_NUMBERS,
    WebhookBody,
    checksum,
    happened,
    number,
    phone,
)

LEADS = 5_000_000
PIPELINE = 31
# Numbers of stages; 142 and 143 end every pipeline.
NEW = "5000"
STAGES: Mapping[str, str] = {"discovery": "5001", "proposal": "5002", "negotiation": "5003"}
ENDS: Mapping[str, str] = {"won": "142", "lost": "143"}
# Of calls, in the text of their notes.
OUTCOMES: Mapping[str, int] = {"connected": 4, "no_answer": 6, "voicemail": 1, "busy": 7}
OUTBOUND_CALL = 11


def webhooks(event: EventData) -> list[WebhookBody]:
    """Give the webhooks of an event; none where amoCRM sends none for its type."""
    fields = {name: value for head, item in _items(event) for name, value in _flat(head, item)}
    if not fields:
        return []
    account = {"account[subdomain]": "acme", "account[id]": "31"}
    return [WebhookBody("amocrm", FORM, urlencode(fields | account).encode())]


def _flat(head: str, item: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in item.items():
        yield f"{head}[{name}]", value


def _items(event: EventData) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Give the items of one request, each with what its fields begin with."""
    match event["type"]:
        case "lead.created":
            yield "leads[add][0]", _lead(event, NEW)
        case "lead.assigned":
            yield "leads[responsible][0]", _lead(event, NEW)
        case "lead.disqualified":
            yield "leads[status][0]", _lead(event, ENDS["lost"])
        case "deal.changed":
            # Each change of a stage is an update too.
            lead = _lead(event, _status(event))
            yield "leads[status][0]", lead
            yield "leads[update][0]", lead
        case "deal.deleted":
            yield "leads[delete][0]", {"id": LEADS + number(event["deal"])}
        case "call.ended":
            yield "leads[note][0][note]", _call(event)


def _status(event: EventData) -> str:
    status = str(event.get("status", "open"))
    return ENDS.get(status, STAGES[str(event.get("stage", "negotiation"))])


def _lead(event: EventData, status: str) -> dict[str, object]:
    lead: dict[str, object] = {
        "id": LEADS + number(event["subject"]),
        "name": "A lead",
        "status_id": status,
        "pipeline_id": PIPELINE,
        "account_id": 31,
        "last_modified": happened(event) // 1000,
    }
    if "amount" in event:
        lead["price"] = event["amount"]
    if "rep" in event:
        lead["responsible_user_id"] = REP_NUMBERS[str(event["rep"])]
    return lead


def _call(event: EventData) -> dict[str, object]:
    text = {
        "UNIQ": str(event["id"]),
        "PHONE": phone(number(event["subject"])),
        "DURATION": event.get("seconds", 0),
        "call_status": OUTCOMES[str(event["outcome"])],
    }
    return {
        "id": checksum(event["id"]),
        "element_id": LEADS + number(event["subject"]),
        "element_type": 2,
        "note_type": OUTBOUND_CALL,
        "created_by": REP_NUMBERS[str(event["rep"])],
        "created_at": happened(event) // 1000,
        "text": orjson.dumps(text).decode(),
    }
