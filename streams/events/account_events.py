"""Events of the account side: orders, invoices, tickets."""

from datetime import date
from typing import Literal

from streams.events.common import Event
from streams.events.fields import (
    Amount,
    Currency,
    Label,
    Name,
)


class OrderPlaced(Event, frozen=True, kw_only=True, gc=False, tag="order.placed"):
    """An account ordered."""

    topic = "crm.order"
    order: Name
    amount: Amount
    currency: Currency
    rep: Label | None = None
    product: Label | None = None
    promised: date | None = None


class OrderDelivered(Event, frozen=True, kw_only=True, gc=False, tag="order.delivered"):
    """An order arrived."""

    topic = "crm.order"
    order: Name


class OrderCancelled(Event, frozen=True, kw_only=True, gc=False, tag="order.cancelled"):
    """An order was cancelled."""

    topic = "crm.order"
    order: Name


class InvoiceIssued(Event, frozen=True, kw_only=True, gc=False, tag="invoice.issued"):
    """An invoice went out, due at the end of the day `due`."""

    topic = "crm.invoice"
    invoice: Name
    amount: Amount
    currency: Currency
    due: date
    rep: Label | None = None
    product: Label | None = None


class InvoicePaid(Event, frozen=True, kw_only=True, gc=False, tag="invoice.paid"):
    """Money came in for an invoice, all of it or a part."""

    topic = "crm.invoice"
    invoice: Name
    amount: Amount
    currency: Currency


class InvoiceCredited(Event, frozen=True, kw_only=True, gc=False, tag="invoice.credited"):
    """A credit note against an invoice."""

    topic = "crm.invoice"
    invoice: Name
    amount: Amount
    currency: Currency


class InvoiceVoided(Event, frozen=True, kw_only=True, gc=False, tag="invoice.voided"):
    """An invoice was withdrawn as if it had never been."""

    topic = "crm.invoice"
    invoice: Name


class TicketOpened(Event, frozen=True, kw_only=True, gc=False, tag="ticket.opened"):
    """An account asked for something."""

    topic = "crm.ticket"
    ticket: Name
    kind: Literal["complaint", "contract_question", "closing_request", "contact"]
    rep: Label | None = None


class TicketResolved(Event, frozen=True, kw_only=True, gc=False, tag="ticket.resolved"):
    """A ticket was resolved."""

    topic = "crm.ticket"
    ticket: Name
