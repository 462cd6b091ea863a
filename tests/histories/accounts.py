"""The story of an account: what it could buy, what it ordered, was invoiced and asked for."""

from datetime import timedelta

from tests.histories.invoices import add_invoice
from tests.histories.reference import PRODUCTS, Firm
from tests.histories.scribe import (
    DAY_MS,
    EPOCH,
    EventDict,
    Scribe,
)

TICKETS = ("complaint", "contract_question", "closing_request", "contact")


def account_journey(scribe: Scribe, firm: Firm, number: int) -> None:
    """Tell of an account; in one case of ten it has the id of a lead."""
    account = f"lead-{max(1, number - 1)}" if scribe.chance(0.1) else f"account-{number}"
    rep = scribe.random.choice(firm.reps)
    if scribe.chance(0.6):
        add_account(scribe, account, rep)
    for invoice in range(scribe.random.randint(0, 5)):
        add_invoice(scribe, account, f"invoice-{invoice}", rep if scribe.chance(0.9) else None)
    at = scribe.moment()
    for order in range(scribe.random.randint(0, 5)):
        add_order(scribe, account, f"order-{order}", rep, at)
        at = scribe.after(at, 30 * DAY_MS)
    at = scribe.moment()
    for ticket in range(scribe.random.choices((0, 1, 2, 4), (50, 25, 15, 10))[0]):
        add_ticket(scribe, account, f"ticket-{ticket}", rep, at)
        at = scribe.after(at, 20 * DAY_MS)


def add_account(scribe: Scribe, account: str, rep: str) -> None:
    """Write down what is known of the account, for some a second time."""
    at = scribe.moment()
    while True:
        fields: EventDict = {
            "account": account,
            "segment": scribe.random.choice(("retail", "public")),
        }
        if scribe.chance(0.8):
            fields["rep"] = rep
        if scribe.chance(0.8):
            fields["currency"] = scribe.currency()
            fields["potential"] = scribe.amount(fields["currency"])
        scribe.write("account.set", None, at, fields)
        if not scribe.chance(0.2):
            return
        at = scribe.after(at, 30 * DAY_MS)


def add_order(scribe: Scribe, account: str, order: str, rep: str, at: int) -> None:
    """Tell the whole story of one order: delivered early, late, twice, never, or cancelled."""
    currency = scribe.currency()
    fields: EventDict = {"order": order, "amount": scribe.amount(currency), "currency": currency}
    if scribe.chance(0.8):
        fields["rep"] = rep
    if scribe.chance(0.8):
        fields["product"] = scribe.random.choice(PRODUCTS)
    if scribe.chance(0.8):
        promised = EPOCH + timedelta(milliseconds=at, days=scribe.random.randint(1, 14))
        fields["promised"] = promised.date().isoformat()
    if not scribe.chance(0.03):
        scribe.write("order.placed", account, at, fields)
    while scribe.chance(0.85):
        delivered = scribe.after(at, 8 * DAY_MS)
        scribe.write("order.delivered", account, delivered, {"order": order})
        if not scribe.chance(0.05):
            break
    if scribe.chance(0.1):
        scribe.write("order.cancelled", account, scribe.after(at, DAY_MS), {"order": order})


def add_ticket(scribe: Scribe, account: str, ticket: str, rep: str, at: int) -> None:
    """Tell the whole story of one ticket."""
    fields: EventDict = {"ticket": ticket, "kind": scribe.random.choice(TICKETS)}
    if scribe.chance(0.3):
        fields["rep"] = rep
    if not scribe.chance(0.03):
        scribe.write("ticket.opened", account, at, fields)
    if scribe.chance(0.7):
        scribe.write("ticket.resolved", account, scribe.after(at, 3 * DAY_MS), {"ticket": ticket})
