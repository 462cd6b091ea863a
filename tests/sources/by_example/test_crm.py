"""Close, Attio and monday.com: what each request becomes, exactly."""

from typing import Any

import pytest

from tests.sources.by_example.case import AT, KIM, MERGED, SECONDS, Case, Fields, check, name


def close(kind: str, action: str, data: Fields, **fields: Any) -> Fields:
    """An event of Close."""
    usual = {
        "id": "ev_1",
        "object_type": kind,
        "object_id": data.get("id"),
        "action": action,
        "date_created": "2026-03-03T09:15:00.000000",
        "lead_id": "lead_7",
        "data": data,
    }
    return {"subscription_id": "whsub_1", "event": usual | fields}


OPPORTUNITY = {
    "id": "oppo_1",
    "status_label": "Won",
    "status_type": "won",
    "pipeline_name": "Sales",
    "value": 125050,
    "value_currency": "EUR",
    "confidence": 100,
    "date_won": "2026-03-03",
    "user_id": "user_1",
}
CLOSE_CALL = {
    "id": "acti_1",
    "status": "completed",
    "direction": "outbound",
    "disposition": "vm-left",
    "duration": 9,
    "user_id": "user_1",
    "activity_at": "2026-03-03T09:15:00+00:00",
}
CLOSE_MAIL = {
    "id": "acti_2",
    "thread_id": "thread_1",
    "direction": "outgoing",
    "status": "sent",
    "user_id": "user_1",
    "date_sent": "2026-03-03T09:15:00+00:00",
}
LEAD_7 = "close:lead:lead_7"
CLOSE = [
    Case(
        "lead",
        "close",
        close("lead", "created", {"id": "lead_7", "date_created": "2026-03-03T09:15:00+00:00"}),
        [{"type": "lead.created", "id": '["ev_1"]', "at": AT, "subject": LEAD_7}],
    ),
    Case(
        "deal",
        "close",
        close("opportunity", "updated", OPPORTUNITY),
        [
            {
                "type": "deal.changed",
                "id": '["ev_1"]',
                "at": AT,
                "subject": LEAD_7,
                "deal": "oppo_1",
                "pipeline": "Sales",
                "stage": "Won",
                "status": "won",
                "amount": "1250.50",
                "currency": "EUR",
                "probability": 1.0,
                "expected_close": "2026-03-03",
                "rep": "user_1",
            }
        ],
    ),
    Case(
        "deal deleted",
        "close",
        close("opportunity", "deleted", {}, object_id="oppo_1"),
        [
            {
                "type": "deal.deleted",
                "id": '["ev_1"]',
                "at": AT,
                "subject": LEAD_7,
                "deal": "oppo_1",
            }
        ],
    ),
    Case(
        "call",
        "close",
        close("activity.call", "updated", CLOSE_CALL),
        [
            {
                "type": "call.ended",
                "id": '["acti_1"]',
                "at": AT,
                "subject": LEAD_7,
                "rep": "user_1",
                "direction": "outbound",
                "outcome": "voicemail",
                "seconds": 9,
            }
        ],
    ),
    Case(
        "mail",
        "close",
        close("activity.email", "created", CLOSE_MAIL),
        [
            {
                "type": "email.sent",
                "id": '["acti_2"]',
                "at": AT,
                "subject": LEAD_7,
                "rep": "user_1",
                "email": "thread_1",
                "links": 0,
            }
        ],
    ),
    Case(
        "reply",
        "close",
        close(
            "activity.email",
            "created",
            {"id": "acti_3", "thread_id": "thread_1", "direction": "incoming", "activity_at": AT},
        ),
        [
            {
                "type": "email.replied",
                "id": '["acti_3"]',
                "at": AT,
                "subject": LEAD_7,
                "email": "thread_1",
            }
        ],
    ),
]


def attio(kind: str, **ids: str) -> Fields:
    """An event of Attio: thin."""
    return {"webhook_id": "w", "events": [{"event_type": kind, "id": ids, "actor": {"id": "a"}}]}


def since(**value: Any) -> list[Fields]:
    """The value of an attribute that has held since a time."""
    return [{"active_from": "2026-03-03T09:15:00.000000000Z"} | value]


ATTIO_DEAL = {
    "_read": "deal",
    "id": {"object_id": "o", "record_id": "d1"},
    "created_at": "2026-03-01T08:00:00.000000000Z",
    "values": {
        "stage": since(status={"title": "Won 🎉"}),
        "value": since(currency_value=1250.5, currency_code="EUR"),
        "owner": since(referenced_actor_id="u1"),
        "associated_company": since(target_record_id="c1"),
        "associated_people": since(target_record_id="p1"),
    },
}
ATTIO_PERSON = {
    "_read": "person",
    "id": {"object_id": "o", "record_id": "p1"},
    "created_at": "2026-03-03T09:15:00.000000000Z",
    "values": {"email_addresses": since(email_address="Kim@Example.com")},
}
ATTIO_CHANGED = {"type": "deal.changed", "at": AT, "subject": "attio:deal:d1", "deal": "d1"}


def of(part: str) -> Fields:
    """The common fields of the event about one attribute of a deal."""
    return ATTIO_CHANGED | {"id": f'["d1","{part}","2026-03-03T09:15:00.000000000Z"]'}


ATTIO = [
    Case(
        "deal named",
        "attio",
        attio("record.updated", object_id="o", record_id="d1"),
        [],
        (("deal", "d1"),),
        query=(("object", "deals"),),
    ),
    Case(
        "person named",
        "attio",
        attio("record.created", object_id="o", record_id="p1"),
        [],
        (("person", "p1"),),
        query=(("object", "people"),),
    ),
    Case(
        "deal read",
        "attio",
        ATTIO_DEAL,
        [
            of("stage") | {"stage": "Won 🎉", "status": "won"},
            of("value") | {"amount": "1250.5", "currency": "EUR"},
            of("owner") | {"rep": "u1"},
            of("company") | {"account": "attio:company:c1"},
            MERGED | {"id": '["deal","d1"]', "subject": "attio:deal:d1", "into": "attio:person:p1"},
        ],
    ),
    Case(
        "person read",
        "attio",
        ATTIO_PERSON,
        [
            {"type": "lead.created", "id": '["p1"]', "at": AT, "subject": "attio:person:p1"},
            MERGED | {"id": '["person"]', "subject": KIM, "into": "attio:person:p1"},
        ],
    ),
]


def monday(column: str, value: Fields) -> Fields:
    """A column of a deal on monday's board has changed."""
    event = {"type": "update_column_value", "boardId": 5, "pulseId": 71, "columnId": column}
    return {"event": event | {"value": value, "changedAt": SECONDS + 0.25, "triggerUuid": "u1"}}


PULSE = {"subject": "monday:deal:71", "deal": "71", "id": '["u1"]'}
MONDAY_CHANGED = PULSE | {"type": "deal.changed", "at": "2026-03-03T09:15:00.250000Z"}
MONDAY_AT = {"triggerTime": "2026-03-03T09:15:00.000Z", "triggerUuid": "u1", "pulseId": 71}
MONDAY = [
    Case(
        "deal created",
        "monday",
        {"event": {"type": "create_pulse"} | MONDAY_AT},
        [PULSE | {"type": "deal.changed", "at": AT, "status": "open"}],
    ),
    Case(
        "stage",
        "monday",
        monday("deal_stage", {"label": {"index": 1, "text": "Won"}}),
        [MONDAY_CHANGED | {"stage": "Won", "status": "won"}],
    ),
    Case(
        "amount",
        "monday",
        monday("deal_value", {"value": 1250.5, "unit": None}),
        [MONDAY_CHANGED | {"amount": "1250.5", "currency": "USD"}],
    ),
    Case(
        "rep",
        "monday",
        monday("deal_owner", {"personsAndTeams": [{"id": 2, "kind": "person"}]}),
        [MONDAY_CHANGED | {"rep": "2"}],
    ),
    Case(
        "close",
        "monday",
        monday("deal_expected_close_date", {"date": "2026-04-30"}),
        [MONDAY_CHANGED | {"expected_close": "2026-04-30"}],
    ),
    Case(
        "deal deleted",
        "monday",
        {"event": {"type": "delete_pulse"} | MONDAY_AT},
        [PULSE | {"type": "deal.deleted", "at": AT}],
    ),
]


@pytest.mark.parametrize("case", [*CLOSE, *ATTIO, *MONDAY], ids=name)
def test_request_becomes_exactly_these_events(case: Case) -> None:
    check(case)
