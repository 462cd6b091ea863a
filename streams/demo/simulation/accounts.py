"""Customers of long standing: they order again, mostly get it in time, and at times complain."""

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
    Happening,
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
    """Give them all, always the same."""
    dice = Random(CUSTOMERS)  # noqa: S311  # a story, not a secret
    found = []
    for number in range(CUSTOMERS):
        product = dice.choices(tuple(PRODUCTS), (5, 4, 1))[0]
        potential = PRODUCTS[product] * dice.randrange(4, 30)
        rep = dice.choice(REPS).name
        found.append(Customer(f"customer-{number + 1:02d}", rep, product, potential))
    return found


def known(currency: str, at: str) -> Iterator[EventData]:
    """Give an `account.set` for every customer, as of `at`."""
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


def ordered(
    dice: Random, number: int, customer: Customer, at: int, pace: Timing, market: Market
) -> Iterator[Happening]:
    """Tell of one order until it is paid, or called off."""
    placed = market.calendar.local(at)
    order = f"order-{number:05d}"
    cents = int(dice.lognormvariate(0, 0.3) * PRODUCTS[customer.product] * 100)
    price: EventData = {"amount": money(cents), "currency": market.currency}

    def said(kind: str, at: int, fields: EventData) -> Happening:
        event: EventData = {
            "id": f"{order}-{kind}",
            "type": kind,
            "at": market.calendar.text(at),
            "subject": customer.account,
            "source": "demo",
            **fields,
        }
        return Happening(at, event)

    promised = (placed + timedelta(days=dice.randrange(3, 7))).date().isoformat()
    who: EventData = {"rep": customer.rep, "product": customer.product}
    yield said("order.placed", at, {"order": order, **who, **price, "promised": promised})
    if dice.random() < 0.04:
        yield said("order.cancelled", at + int(dice.random() * pace.day), {"order": order})
        return
    arrived = at + int(dice.triangular(1, 8, 3) * pace.day)
    yield said("order.delivered", arrived, {"order": order})
    due = (market.calendar.local(arrived) + timedelta(days=14)).date().isoformat()
    bill: EventData = {"invoice": f"invoice-{order}", **price, "due": due}
    yield said("invoice.issued", arrived, {**bill, **who})
    if dice.random() < 0.9:
        paid = arrived + int(dice.triangular(2, 20, 9) * pace.day)
        yield said("invoice.paid", paid, {"invoice": bill["invoice"], **price})
    if dice.random() < 0.25:
        kind = dice.choices(TICKETS, (4, 2, 1, 5))[0]
        asked = arrived + int(dice.random() * 3 * pace.day)
        yield said("ticket.opened", asked, {"ticket": f"ticket-{order}", "kind": kind})
