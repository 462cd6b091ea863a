"""The entities read from events: leads, calls, emails, deals, invoices, orders, accounts."""

from streams.engine.catalogue.definitions import Carrier
from streams.engine.catalogue.own_dimensions import Carriers
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
from streams.journeys.routing import (
    entities_of,
    merge_target,
    route,
)
from streams.journeys.spend import Spend
from streams.journeys.subjects import Journey
from streams.journeys.tickets import Ticket

OF_LEADS: tuple[Carrier, ...] = ("lead",)
OF_ACCOUNTS: tuple[Carrier, ...] = ("account",)
# Which entities know the own dimensions that another carries.
CARRIERS: Carriers = {
    Deal: ("deal", "lead", "account"),
    Lead: OF_LEADS,
    Quote: OF_LEADS,
    Invoice: OF_ACCOUNTS,
    Order: OF_ACCOUNTS,
    Ticket: OF_ACCOUNTS,
    Account: OF_ACCOUNTS,
}

__all__ = [
    "CARRIERS",
    "Account",
    "Activity",
    "Call",
    "Deal",
    "Email",
    "Invoice",
    "Journey",
    "Lead",
    "Order",
    "Quote",
    "Spend",
    "Ticket",
    "entities_of",
    "merge_target",
    "route",
]
