"""Which events of the simulated company come by which webhooks, and which as canonical events."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from streams.demo.simulation.company import EventData
from streams.demo.simulation.wire import amocrm, hubspot, stripe, twilio
from streams.demo.simulation.wire.request import WebhookBody, number

SOURCES = ("amocrm", "hubspot", "stripe", "twilio")
INVOICES = frozenset(("invoice.issued", "invoice.paid", "invoice.credited"))
# Of each so many stories one is HubSpot's and one is amoCRM's; the others come as events.
STORIES = 4


class Routed(NamedTuple):
    """How an event is sent: by webhooks, or as itself where there are none."""

    webhooks: list[WebhookBody]
    event: EventData


class Routing:
    """Routes events; stories before number `first`, or all if None, come as canonical events."""

    def __init__(self, first: int | None) -> None:
        self._first = first

    def route(self, event: EventData, attempt: int = 0) -> Routed:
        """Route an event; `attempt` counts its redeliveries, from 0.

        Events of a CRM's leads that it sends no webhook for have its name for the lead.
        """
        crm = self._crm(str(event["subject"])) if "subject" in event else None
        if crm is None:
            return Routed([], event)
        if event["type"] in INVOICES:
            return Routed(stripe.webhooks(event), event)
        found = CRMS[crm](event, attempt)
        renamed = event if found else {**event, "subject": subject(crm, event)}
        return Routed(found, renamed)

    def _crm(self, subject: str) -> str | None:
        kind, _, rest = subject.partition("-")
        if self._first is None or kind not in ("lead", "account") or not rest.isdigit():
            return None
        if int(rest) < self._first:
            return None
        return {0: "hubspot", 1: "amocrm"}.get(int(rest) % STORIES)


def subject(crm: str, event: EventData) -> str:
    """Give what the mapping file of a CRM calls the lead of an event."""
    lead = number(event["subject"])
    if crm == "hubspot":
        return f"hubspot:contact:{hubspot.CONTACTS + lead}"
    return f"amocrm:lead:{amocrm.LEADS + lead}"


def _of_hubspot(event: EventData, attempt: int) -> list[WebhookBody]:
    # Who uses HubSpot telephones by Twilio.
    return twilio.webhooks(event) or hubspot.webhooks(event, attempt)


def _of_amocrm(event: EventData, _: int) -> list[WebhookBody]:
    return amocrm.webhooks(event)


CRMS: Mapping[str, Callable[[EventData, int], list[WebhookBody]]] = {
    "hubspot": _of_hubspot,
    "amocrm": _of_amocrm,
}
