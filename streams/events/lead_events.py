"""Events of the lead side: leads, calls, emails, deals, activities, quotes."""

from datetime import date
from typing import Literal

from msgspec import UNSET, UnsetType

from streams.events.common import Event
from streams.events.fields import (
    Amount,
    Currency,
    Media,
    Name,
    Natural,
    Probability,
    Text,
)


class LeadEvent(Event, frozen=True, kw_only=True, gc=False):
    """An event on the lead itself."""

    topic = "crm.lead"


class LeadCreated(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.created"):
    """A lead came in."""

    rep: Text | None = None
    channel: Text | None = None
    media: Media | None = None
    campaign: Text | None = None
    partner: Text | None = None
    product: Text | None = None


class LeadAssigned(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.assigned"):
    """A lead was given to a rep."""

    rep: Text


class LeadQualified(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.qualified"):
    """A lead was found worth selling to."""

    rep: Text | None = None
    reason: Text | None = None


class LeadHandedOver(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.handed_over"):
    """A qualified lead went from marketing to sales."""

    rep: Text | None = None
    reason: Text | None = None


class LeadDisqualified(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.disqualified"):
    """A lead was given up."""

    rep: Text | None = None
    reason: Text | None = None


class CallEnded(Event, frozen=True, kw_only=True, gc=False, tag="call.ended"):
    """A telephone call; subject `rep:<rep>` when no lead is known."""

    topic = "crm.call"
    rep: Text
    direction: Literal["outbound", "inbound"]
    outcome: Literal["connected", "no_answer", "voicemail", "busy"]
    seconds: Natural | None = None
    cold: bool | None = None
    automated: bool | None = None


class EmailSent(Event, frozen=True, kw_only=True, gc=False, tag="email.sent"):
    """An email left; `links` is how many it holds."""

    topic = "crm.email"
    rep: Text
    email: Name
    links: Natural
    automated: bool | None = None


class EmailClicked(Event, frozen=True, kw_only=True, gc=False, tag="email.clicked"):
    """A link in an email was followed."""

    topic = "crm.email"
    email: Name


class EmailReplied(Event, frozen=True, kw_only=True, gc=False, tag="email.replied"):
    """An email was answered."""

    topic = "crm.email"
    email: Name


class DealChanged(Event, frozen=True, kw_only=True, gc=False, tag="deal.changed"):
    """A patch: the fields named here have these values from `at` on; null: no longer known."""

    topic = "crm.deal"
    deal: Name
    pipeline: Text | UnsetType | None = UNSET
    stage: Text | UnsetType | None = UNSET
    status: Literal["open", "won", "lost"] | UnsetType | None = UNSET
    amount: Amount | UnsetType | None = UNSET
    currency: Currency | UnsetType | None = UNSET
    probability: Probability | UnsetType | None = UNSET
    expected_close: date | UnsetType | None = UNSET
    rep: Text | UnsetType | None = UNSET
    account: Text | UnsetType | None = UNSET
    product: Text | UnsetType | None = UNSET
    channel: Text | UnsetType | None = UNSET
    partner: Text | UnsetType | None = UNSET
    reason: Text | UnsetType | None = UNSET


class DealDeleted(Event, frozen=True, kw_only=True, gc=False, tag="deal.deleted"):
    """A deal was deleted; a later `deal.changed` brings it back."""

    topic = "crm.deal"
    deal: Name


class ActivityLogged(Event, frozen=True, kw_only=True, gc=False, tag="activity.logged"):
    """Work other than calls and emails."""

    topic = "crm.activity"
    rep: Text
    kind: Literal["meeting", "presentation", "social", "collateral", "prospecting"]
    channel: Text | None = None
    asset: Text | None = None
    hours: Amount | None = None
    outreach: Natural | None = None
    responses: Natural | None = None


class QuoteSent(Event, frozen=True, kw_only=True, gc=False, tag="quote.sent"):
    """A quote went out."""

    topic = "crm.quote"
    quote: Name
    rep: Text | None = None
    amount: Amount | None = None
    currency: Currency | None = None
    reason: Text | None = None
    unmet_demand: Text | None = None
    order: Text | None = None


class QuoteOrdered(QuoteSent, frozen=True, kw_only=True, gc=False, tag="quote.ordered"):
    """A quote became an order."""


class QuoteRejected(QuoteSent, frozen=True, kw_only=True, gc=False, tag="quote.rejected"):
    """A quote was turned down."""
