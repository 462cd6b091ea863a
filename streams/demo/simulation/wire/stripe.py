"""Events of Stripe: invoices, their payments in parts, and credit notes."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from streams.demo.simulation.company import EventData
from streams.demo.simulation.wire.request import WebhookBody, checksum, happened, number, of_json
from streams.engine.algebra.money import minor_digits


def webhooks(event: EventData) -> list[WebhookBody]:
    """Give the events of an invoice; none for anything else."""
    kind = event["type"]
    if kind == "invoice.issued":
        return [_sent("invoice.finalized", event, _invoice(event))]
    if kind == "invoice.paid":
        return [_sent("invoice_payment.paid", event, _payment(event))]
    if kind == "invoice.credited":
        return [_sent("credit_note.created", event, _credit(event))]
    return []


def customer(account: object) -> str:
    """Give the customer of an account such as `account-00042`."""
    return f"cus_{number(account):05d}"


def _sent(kind: str, event: EventData, thing: dict[str, Any]) -> WebhookBody:
    """Give an event of Stripe, whose id is the same on every delivery."""
    envelope = {
        "id": f"evt_{checksum(event['id'], event['type']):010d}",
        "object": "event",
        "api_version": "2026-05-27.dahlia",
        "type": kind,
        "created": happened(event) // 1000,
        "data": {"object": thing},
    }
    return of_json("stripe", envelope)


def _name(event: EventData) -> str:
    return f"in_{number(event['invoice']):05d}"


def _minor(event: EventData) -> int:
    amount = Decimal(str(event["amount"]))
    return int(amount.scaleb(minor_digits(str(event["currency"]))))


def _invoice(event: EventData) -> dict[str, Any]:
    due = datetime.fromisoformat(f"{event['due']}T12:00:00").replace(tzinfo=UTC)
    return {
        "id": _name(event),
        "object": "invoice",
        "customer": customer(event["subject"]),
        "currency": str(event["currency"]).lower(),
        "total": _minor(event),
        "amount_paid": 0,
        "due_date": int(due.timestamp()),
        "status_transitions": {"finalized_at": happened(event) // 1000, "paid_at": None},
        "metadata": {"rep": event["rep"]},
    }


def _payment(event: EventData) -> dict[str, Any]:
    return {
        "id": f"inpay_{checksum(event['id']):010d}",
        "object": "invoice_payment",
        "invoice": _name(event),
        "currency": str(event["currency"]).lower(),
        "amount_paid": _minor(event),
        "status": "paid",
        "status_transitions": {"paid_at": happened(event) // 1000},
    }


def _credit(event: EventData) -> dict[str, Any]:
    return {
        "id": f"cn_{checksum(event['id']):010d}",
        "object": "credit_note",
        "invoice": _name(event),
        "customer": customer(event["subject"]),
        "currency": str(event["currency"]).lower(),
        "amount": _minor(event),
        "created": happened(event) // 1000,
    }
