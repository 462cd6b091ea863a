"""Existing customers of the simulated company: their orders, invoices and tickets."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import NamedTuple

from streams.demo.simulation.company import (
    PRODUCTS,
    REPS,
    EventData,
)
from streams.demo.simulation.stories import (
    CrmEvent,
    Market,
    Timing,
    money,
)

CUSTOMERS = 30
TICKETS = ("complaint", "contract_question", "closing_request", "contact")


class Customer(NamedTuple):
    """An account with its rep, what it mostly buys, and how much it could buy in a year."""

    account: str
    rep: str
    product: str
    potential: int


def customers() -> list[Customer]:
    """Return all customers, always the same."""
    dice = Random(CUSTOMERS)  # noqa: S311  # a story, not a secret
    found = []
    for number in range(CUSTOMERS):
        product = dice.choices(tuple(PRODUCTS), (5, 4, 1))[0]
        potential = PRODUCTS[product] * dice.randrange(4, 30)
        rep = dice.choice(REPS).name
        found.append(Customer(f"customer-{number + 1:02d}", rep, product, potential))
    return found


def account_records(currency: str, at: str) -> Iterator[EventData]:
    """Yield an `account.set` for every customer, as of `at`."""
    for customer in customers():
        yield {
            "id": f"account-{customer.account}",
            "type": "account.set",
            "at": at,
            "account": customer.account,
            "rep": customer.rep,
            "potential": f"{customer.potential}.00",
            "currency": currency,
        }


def order_events(
    dice: Random, number: int, customer: Customer, at: int, timing: Timing, market: Market
) -> Iterator[CrmEvent]:
    """Yield the events of one order until it is paid or cancelled."""
    placed = market.calendar.local(at)
    order = f"order-{number:05d}"
    cents = int(dice.lognormvariate(0, 0.3) * PRODUCTS[customer.product] * 100)
    price: EventData = {"amount": money(cents), "currency": market.currency}

    def event_at(kind: str, at: int, fields: EventData) -> CrmEvent:
        event: EventData = {
            "id": f"{order}-{kind}",
            "type": kind,
            "at": market.calendar.text(at),
            "subject": customer.account,
            "source": "demo",
            **fields,
        }
        return CrmEvent(at, event)

    promised = (placed + timedelta(days=dice.randrange(3, 7))).date().isoformat()
    who: EventData = {"rep": customer.rep, "product": customer.product}
    yield event_at("order.placed", at, {"order": order, **who, **price, "promised": promised})
    if dice.random() < 0.04:
        yield event_at("order.cancelled", at + int(dice.random() * timing.day), {"order": order})
        return
    arrived = at + int(dice.triangular(1, 8, 3) * timing.day)
    yield event_at("order.delivered", arrived, {"order": order})
    due = (market.calendar.local(arrived) + timedelta(days=14)).date().isoformat()
    bill: EventData = {"invoice": f"invoice-{order}", **price, "due": due}
    yield event_at("invoice.issued", arrived, {**bill, **who})
    if dice.random() < 0.9:
        paid = arrived + int(dice.triangular(2, 20, 9) * timing.day)
        yield event_at("invoice.paid", paid, {"invoice": bill["invoice"], **price})
    if dice.random() < 0.25:
        kind = dice.choices(TICKETS, (4, 2, 1, 5))[0]
        asked = arrived + int(dice.random() * 3 * timing.day)
        yield event_at("ticket.opened", asked, {"ticket": f"ticket-{order}", "kind": kind})
