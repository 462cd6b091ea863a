"""Which row an event belongs to, and which things a row holds."""

from collections.abc import Iterator
from typing import Any
from zlib import crc32

from streams.engine.aggregate.entry import Entry
from streams.engine.catalogue.context import EvaluationContext
from streams.events import (
    Event,
    SubjectErased,
    SubjectMerged,
    topic_of,
)
from streams.journeys.accounts import Customer
from streams.journeys.activities import (
    Activity,
    Call,
    Email,
)
from streams.journeys.deals import Deal
from streams.journeys.invoices import Invoice
from streams.journeys.leads import Lead
from streams.journeys.orders import Order
from streams.journeys.quotes import Quote
from streams.journeys.spend import Spend, spend
from streams.journeys.subjects import Journey
from streams.journeys.tickets import Ticket

ACCOUNT_TOPICS = {"crm.invoice", "crm.order", "crm.ticket"}
EFFORT_TOPICS = {"crm.call", "crm.email", "crm.activity"}
# A rep's calls and emails without a lead pile up for years and have nothing to do with each
# other, save a click with its email: they are spread over many small rows.
SETS_PER_REP = 4096


def route(event: Event) -> tuple[str, str]:
    """Name whose set an event belongs to, and the row of that set which holds it.

    Accounts are apart from leads. A set is one row, but a rep's loose work is spread.
    """
    # Two comparisons: asking every event for a topic of its own would take four times as long.
    kind = type(event)
    is_whole = kind is SubjectMerged or kind is SubjectErased
    if (topic_of(event) if is_whole else event.topic) in ACCOUNT_TOPICS:
        set_owner = f"account:{event.subject}"
        return set_owner, set_owner
    set_owner = f"journey:{event.subject}"
    if event.topic in EFFORT_TOPICS and event.subject.startswith("rep:"):
        belongs: str = getattr(event, "email", event.id)
        return set_owner, f"effort:{crc32(belongs.encode()) % SETS_PER_REP}:{event.subject}"
    return set_owner, set_owner


def merge_target(set_owner: str, into: str) -> str | None:
    """Name whose set takes over a merged owner's; None where a rep is said to be merged.

    A rep is nobody's duplicate: what has no lead is spread over rows that nothing binds.
    """
    kind, _, subject = set_owner.partition(":")
    if kind == "journey" and (subject.startswith("rep:") or into.startswith("rep:")):
        return None
    return f"{kind}:{into}"


def entities_of(
    set_name: str, entries: list[Entry], context: EvaluationContext
) -> Iterator[tuple[type, list[Any]]]:
    """Give the things of a row by kind; entries by (at, id), at least one."""
    kind, _, name = set_name.partition(":")
    if kind == "account":
        yield from _of_account(name, entries, context)
        return
    if kind == "spend":
        yield Spend, [spend(entry, context) for entry in entries]
        return
    is_loose = kind == "effort" or name.startswith("rep:")
    journey = Journey(entries, context, is_loose)
    yield Journey, [journey]
    yield Lead, [journey.lead] if journey.lead else []
    yield Call, journey.calls
    yield Email, journey.emails
    yield Deal, journey.deals
    yield Activity, journey.activities
    yield Quote, journey.quotes


def _of_account(
    account: str, entries: list[Entry], context: EvaluationContext
) -> Iterator[tuple[type, list[Any]]]:
    customer = Customer(account, entries, context)
    yield Invoice, customer.invoices
    yield Order, customer.orders
    yield Ticket, customer.tickets
    yield Customer, [customer]
