"""Events of the lead side: leads, calls, emails, deals, activities, quotes."""

from datetime import date
from typing import Literal

from msgspec import UNSET, UnsetType

from streams.events.common import Event
from streams.events.fields import (
    Amount,
    Currency,
    Custom,
    Label,
    Media,
    Name,
    Natural,
    Probability,
    Reference,
    Text,
)


class LeadEvent(Event, frozen=True, kw_only=True, gc=False):
    """An event on the lead itself."""

    topic = "crm.lead"


class LeadCreated(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.created"):
    """A lead came in."""

    rep: Label | None = None
    channel: Label | None = None
    media: Media | None = None
    campaign: Label | None = None
    partner: Label | None = None
    product: Label | None = None
    custom: Custom | None = None


class LeadAssigned(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.assigned"):
    """A lead was given to a rep; without one it was given back."""

    is_patch = True
    rep: Label | None


class LeadQualified(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.qualified"):
    """A lead was found worth selling to."""

    rep: Label | None = None
    reason: Label | None = None


class LeadHandedOver(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.handed_over"):
    """A qualified lead went from marketing to sales."""

    rep: Label | None = None
    reason: Label | None = None


class LeadDisqualified(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.disqualified"):
    """A lead was given up."""

    rep: Label | None = None
    reason: Label | None = None


class CallEnded(Event, frozen=True, kw_only=True, gc=False, tag="call.ended"):
    """A telephone call; subject `rep:<rep>` when no lead is known."""

    topic = "crm.call"
    rep: Label
    direction: Literal["outbound", "inbound"]
    outcome: Literal["connected", "no_answer", "voicemail", "busy"]
    seconds: Natural | None = None
    cold: bool | None = None
    automated: bool | None = None


class EmailSent(Event, frozen=True, kw_only=True, gc=False, tag="email.sent"):
    """An email left; `links` is how many it holds."""

    topic = "crm.email"
    rep: Label
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
    """A patch: the fields named here have these values from `at` on; null clears one."""

    topic = "crm.deal"
    is_patch = True
    deal: Name
    pipeline: Label | UnsetType | None = UNSET
    stage: Label | UnsetType | None = UNSET
    status: Literal["open", "won", "lost"] | UnsetType | None = UNSET
    amount: Amount | UnsetType | None = UNSET
    currency: Currency | UnsetType | None = UNSET
    probability: Probability | UnsetType | None = UNSET
    expected_close: date | UnsetType | None = UNSET
    rep: Label | UnsetType | None = UNSET
    account: Reference | UnsetType | None = UNSET
    product: Label | UnsetType | None = UNSET
    channel: Label | UnsetType | None = UNSET
    partner: Label | UnsetType | None = UNSET
    reason: Label | UnsetType | None = UNSET
    custom: Custom | UnsetType | None = UNSET


class DealDeleted(Event, frozen=True, kw_only=True, gc=False, tag="deal.deleted"):
    """A deal was deleted; a later `deal.changed` brings it back."""

    topic = "crm.deal"
    deal: Name


class ActivityLogged(Event, frozen=True, kw_only=True, gc=False, tag="activity.logged"):
    """Work other than calls and emails."""

    topic = "crm.activity"
    rep: Label
    kind: Literal["meeting", "presentation", "social", "collateral", "prospecting"]
    channel: Label | None = None
    asset: Label | None = None
    hours: Amount | None = None
    outreach: Natural | None = None
    responses: Natural | None = None


class QuoteSent(Event, frozen=True, kw_only=True, gc=False, tag="quote.sent"):
    """A quote went out."""

    topic = "crm.quote"
    quote: Name
    rep: Label | None = None
    product: Label | None = None
    amount: Amount | None = None
    currency: Currency | None = None
    reason: Label | None = None
    unmet_demand: Label | None = None
    order: Text | None = None


class QuoteOrdered(QuoteSent, frozen=True, kw_only=True, gc=False, tag="quote.ordered"):
    """A quote became an order."""


class QuoteRejected(QuoteSent, frozen=True, kw_only=True, gc=False, tag="quote.rejected"):
    """A quote was turned down."""
