"""The event set that an event belongs to, and the entities of an event set."""

from collections.abc import Iterator
from typing import Any
from zlib import crc32

from streams.engine.aggregate.entry import Entry
from streams.engine.catalogue.context import EvaluationContext
from streams.events import (
    Event,
    SubjectErased,
    SubjectMerged,
)
from streams.journeys.accounts import Account
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
# A rep's calls and emails without a lead accumulate for years and are unrelated, except a click
# and its email: they are spread over many small event sets.
SETS_PER_REP = 4096


def route(event: Event) -> tuple[str, str]:
    """Give the owner of an event, and the name of the event set that holds it.

    No set, "", holds an event on a whole subject.

    Leads and accounts of one name are different owners; an event on a whole subject is about the
    kind of its topic, and `for_each_kind` gives one for each. An owner has one event set; only a
    rep's efforts without a lead are spread over several.
    """
    # Two comparisons: `isinstance` for every event takes longer.
    kind = type(event)
    is_whole = kind is SubjectMerged or kind is SubjectErased
    topic: str = (getattr(event, "on_topic", None) if is_whole else None) or event.topic
    is_account = topic in ACCOUNT_TOPICS
    set_owner = f"account:{event.subject}" if is_account else f"journey:{event.subject}"
    if is_whole:
        return set_owner, ""
    if is_account:
        return set_owner, set_owner
    if event.topic in EFFORT_TOPICS and event.subject.startswith("rep:"):
        together: str = getattr(event, "email", event.id)
        return set_owner, f"effort:{crc32(together.encode()) % SETS_PER_REP}:{event.subject}"
    return set_owner, set_owner


def merge_target(set_owner: str, into: str) -> str | None:
    """Give the owner that a merged one becomes; None where one of them is a rep.

    Reps cannot be merged: their efforts without a lead are spread over unrelated event sets.
    """
    kind, _, subject = set_owner.partition(":")
    if kind == "journey" and (subject.startswith("rep:") or into.startswith("rep:")):
        return None
    return f"{kind}:{into}"


def entities_of(
    set_name: str, entries: list[Entry], context: EvaluationContext
) -> Iterator[tuple[type, list[Any]]]:
    """Give the entities of an event set by type; entries by (at, id), at least one."""
    kind, _, name = set_name.partition(":")
    if kind == "account":
        yield from _of_account(name, entries, context)
        return
    if kind == "spend":
        yield Spend, [spend(entry, context) for entry in entries]
        return
    is_without_lead = kind == "effort" or name.startswith("rep:")
    journey = Journey(entries, context, is_without_lead)
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
    entity = Account(account, entries, context)
    yield Invoice, entity.invoices
    yield Order, entity.orders
    yield Ticket, entity.tickets
    yield Account, [entity]
