"""Tickets, bookings, orders and lead forms: what each request becomes, exactly."""

from typing import Any

import pytest

from tests.sources.by_example.case import AT, KIM, SECONDS, Case, Fields, check, name


def zendesk(kind: str, **detail: Any) -> Fields:
    """An event of Zendesk about ticket 35."""
    usual = {"id": "35", "type": "incident", "status": "NEW", "organization_id": "9"}
    people = {"requester_id": "7", "assignee_id": "2"}
    return {"type": f"zen:event-type:ticket.{kind}", "id": "z1", "time": AT} | {
        "detail": usual | people | detail
    }


TICKET = {"at": AT, "id": '["z1"]', "ticket": "35", "subject": "zendesk:organization:9"}
ZENDESK = [
    Case(
        "ticket",
        "zendesk",
        zendesk("created"),
        [TICKET | {"type": "ticket.opened", "kind": "complaint", "rep": "2"}],
    ),
    Case(
        "ticket of a person without an organisation",
        "zendesk",
        zendesk("created", organization_id="0", type=None, assignee_id=None),
        [TICKET | {"type": "ticket.opened", "kind": "contact", "subject": "zendesk:user:7"}],
    ),
    Case(
        "ticket resolved",
        "zendesk",
        zendesk("status_changed", status="SOLVED"),
        [TICKET | {"type": "ticket.resolved"}],
    ),
    Case("ticket pending", "zendesk", zendesk("status_changed", status="PENDING"), []),
]


def intercom(topic: str, **item: Any) -> Fields:
    """A notification of Intercom."""
    notice = {"type": "notification_event", "topic": topic, "id": "n1", "created_at": SECONDS}
    return notice | {"data": {"item": item}}


CONVERSATION: dict[str, Any] = {"id": "215", "contacts": {"contacts": [{"id": "c1"}]}}
TALK = {"at": AT, "id": '["n1"]', "ticket": "215", "subject": "intercom:contact:c1"}
INTERCOM = [
    Case(
        "lead",
        "intercom",
        intercom("contact.lead.created", id="c1", created_at=SECONDS, email="Kim@example.com"),
        [
            {"type": "lead.created", "id": '["c1"]', "at": AT, "subject": "intercom:contact:c1"},
            {"type": "subject.merged", "id": '["person"]', "at": AT, "topic": "crm.lead"}
            | {"subject": KIM, "into": "intercom:contact:c1"},
        ],
    ),
    Case(
        "conversation",
        "intercom",
        intercom("conversation.user.created", **CONVERSATION, admin_assignee_id=0),
        [TALK | {"type": "ticket.opened", "kind": "contact"}],
    ),
    Case(
        "conversation closed",
        "intercom",
        intercom("conversation.admin.closed", **CONVERSATION),
        [TALK | {"type": "ticket.resolved"}],
    ),
]


def calendly(event: str, **fields: Any) -> Fields:
    """A booking of Kim's, or its end."""
    meeting = {"event_memberships": [{"user": "https://api.calendly.com/users/DANA"}]}
    usual = {"uri": "in-1", "email": "kim@example.com", "created_at": AT, "old_invitee": None}
    return {"event": event, "created_at": AT} | {
        "payload": usual | {"scheduled_event": meeting} | fields
    }


CALENDLY = [
    Case(
        "booking",
        "calendly",
        calendly("invitee.created"),
        [
            {"type": "lead.created", "id": '["in-1"]', "at": AT, "subject": KIM}
            | {"rep": "DANA", "channel": "calendly"}
        ],
    ),
    Case("booking moved", "calendly", calendly("invitee.created", old_invitee="in-0"), []),
    Case("booking cancelled", "calendly", calendly("invitee.canceled"), []),
]

ORDER = {"id": 2**60 + 1, "created_at": "2026-03-03T10:15:00+01:00", "updated_at": AT} | {
    "currency": "EUR",
    "total_price": "1250.50",
    "cancelled_at": AT,
    "customer": {"id": 9},
}
NUMBER = str(2**60 + 1)
SHOPIFY = {"id": f'["{NUMBER}"]', "at": AT, "order": NUMBER, "subject": "shopify:customer:9"}
PLACED = {"type": "order.placed", "amount": "1250.50", "currency": "EUR"}


def topic(written: str) -> tuple[tuple[str, str], ...]:
    """The header that names what a request of Shopify is about."""
    return (("x-shopify-topic", written),)


WOO = {"id": 727, "currency": "EUR", "total": "1250.50", "customer_id": 9} | {
    "date_created_gmt": "2026-03-03T09:15:00",
    "date_modified_gmt": "2026-03-04T09:15:00",
}
WOO_TOPIC = (("x-wc-webhook-topic", "order.updated"),)
WOO_ORDER = {"id": '["727"]', "at": AT, "order": "727", "subject": "woocommerce:customer:9"}
LATER = "2026-03-04T09:15:00"
SHOPS = [
    Case("placed", "shopify", ORDER, [SHOPIFY | PLACED], headers=topic("orders/create")),
    Case(
        "placed by a guest",
        "shopify",
        ORDER | {"customer": None},
        [SHOPIFY | PLACED | {"subject": f"shopify:order:{NUMBER}"}],
        headers=topic("orders/create"),
    ),
    Case(
        "fulfilled",
        "shopify",
        ORDER,
        [SHOPIFY | {"type": "order.delivered"}],
        headers=topic("orders/fulfilled"),
    ),
    Case(
        "cancelled",
        "shopify",
        ORDER,
        [SHOPIFY | {"type": "order.cancelled"}],
        headers=topic("orders/cancelled"),
    ),
    Case("pending", "woocommerce", WOO | {"status": "pending"}, [], headers=WOO_TOPIC),
    Case(
        "completed",
        "woocommerce",
        WOO | {"status": "completed", "date_completed_gmt": LATER},
        [WOO_ORDER | PLACED, WOO_ORDER | {"type": "order.delivered", "at": f"{LATER}Z"}],
        headers=WOO_TOPIC,
    ),
    Case(
        "cancelled",
        "woocommerce",
        WOO | {"status": "cancelled", "customer_id": 0},
        [
            WOO_ORDER
            | {"type": "order.cancelled", "id": f'["727","{LATER}"]', "at": f"{LATER}Z"}
            | {"subject": "woocommerce:order:727"}
        ],
        headers=WOO_TOPIC,
    ),
]

LEADGEN = {"leadgen_id": "123", "form_id": "5", "ad_id": "77", "created_time": SECONDS}
META = [
    Case(
        "lead",
        "meta",
        {"object": "page", "entry": [{"changes": [{"field": "leadgen", "value": LEADGEN}]}]},
        [
            {"type": "lead.created", "id": '["123"]', "at": AT, "subject": "meta:lead:123"}
            | {"channel": "meta", "media": "paid", "campaign": "77"}
        ],
    )
]
CASES = [*ZENDESK, *INTERCOM, *CALENDLY, *SHOPS, *META]


@pytest.mark.parametrize("case", CASES, ids=name)
def test_request_becomes_exactly_these_events(case: Case) -> None:
    check(case)
