"""What are customers worth, do they come back, and who may leave?"""

from collections.abc import Iterator

from streams.engine.algebra.measures import (
    COUNT,
    LEVEL,
    LEVEL_RATIO,
    SPREAD,
    Fraction,
)
from streams.engine.catalogue.dimensions import (
    Dimensions,
    dimensions,
    values_only,
)
from streams.engine.catalogue.kpi import (
    UNPRICED,
    Fact,
    Unpriced,
    kpi,
)
from streams.journeys import Account, Ticket
from streams.journeys.invoices import balance_steps

YEAR_MS = 365 * 86_400_000


@kpi(
    "customer_lifetime_value",
    measure=LEVEL_RATIO,
    unit="money",
    scopes=("rep", "product"),
    formula="(issued − credited) to date / accounts with an invoice",
    source="customer lifetime value, historical: revenue to date",
)
def customer_lifetime_value(account: Account) -> Iterator[Fact[Fraction]]:
    """What a customer has brought so far: issued less credited, a mean over those with an invoice.

    Voided invoices are left out; money is at the issue date's rate. A customer with invoices of
    several reps or products counts once for each of them, and once for all.
    """
    whole = dimensions(own=account.dimensions.own)
    since: dict[Dimensions, int] = {}
    for invoice in account.invoices:
        if invoice.issued is None or not invoice.is_owed:
            continue
        billed = invoice.billed
        if isinstance(billed, Unpriced):
            yield Fact(invoice.issued, UNPRICED)
            continue
        for at, step in balance_steps(billed):
            yield Fact(at, Fraction(step, 0), invoice.dimensions)
        for counted in (whole, *_counted(invoice.rep, invoice.product)):
            since[counted] = min(invoice.issued, since.get(counted, invoice.issued))
    for counted, at in since.items():
        yield Fact(at, Fraction(0, 1), counted)


def _counted(rep: str, product: str) -> Iterator[Dimensions]:
    """Give values, beside the whole, under which an invoice makes its account a customer."""
    if rep:
        yield values_only(rep=rep)
    if product:
        yield values_only(product=product)


@kpi(
    "complaints",
    measure=COUNT,
    unit="count",
    scopes=("rep", "team"),
    better="lower",
    formula="count of tickets of kind complaint",
    source="customer complaints, the trade's term",
)
def complaints(ticket: Ticket) -> Fact[int] | None:
    """Complaints, by the rep that the ticket names, else the account's."""
    return Fact(ticket.at, 1) if ticket.kind == "complaint" else None


@kpi(
    "churn_risk",
    measure=LEVEL,
    unit="count",
    scopes=("rep", "team"),
    better="lower",
    formula="count of accounts whose ticket weights of the last 90 days sum up to at least 5",
    source="churn risk score, the trade's term; weights: the contract",
)
def churn_risk(account: Account) -> Iterator[Fact[int]]:
    """Accounts that may leave, going by what they asked for within the last 90 days.

    A complaint weighs 3, a closing request 5, a contract question 2, a contact 1; an account
    counts from 5 on. Weights and threshold are settings.
    """
    if account.tickets:
        owner = account.dimensions.with_rep(account.owner)
        for at, step in account.risk():
            yield Fact(at, step, owner)


@kpi(
    "reorder_interval",
    measure=SPREAD,
    unit="ms",
    scopes=("product", "account"),
    better="lower",
    formula="mean, p50, p90 of (order − order before) of an account",
    source="interpurchase time, marketing's term",
)
def reorder_interval(account: Account) -> Iterator[Fact[int]]:
    """From one order of an account to its next: mean, p50 and p90; cancelled ones left out.

    By product it is from one order of that product to the next of the same.
    """
    for at, gap, product in account.reorders():
        yield Fact(at, gap, values_only(product=product) if product else None)


@kpi(
    "wallet_share",
    measure=LEVEL_RATIO,
    unit="ratio",
    scopes=("account",),
    formula="invoiced in the last 365 days / yearly potential",
    source="share of wallet, the trade's term",
)
def wallet_share(account: Account) -> Iterator[Fact[Fraction]]:
    """What was invoiced within the last 365 days, as a share of what the account could buy.

    Over accounts whose potential is known, each from its first invoice on; voided invoices are
    left out, credits are not taken off. Money is at the rate of the issue date and of the
    potential's.
    """
    potential = account.potential if account.invoices else None
    if not potential:
        return
    owed = [(it.issued, it) for it in account.invoices if it.issued is not None and it.is_owed]
    if isinstance(potential, Unpriced):
        yield from (Fact(at, UNPRICED) for at in sorted(at for at, _ in owed)[:1])
        return
    first: int | None = None
    for issued, invoice in owed:
        amount = invoice.amount()
        if isinstance(amount, Unpriced):
            yield Fact(issued, UNPRICED)
            continue
        first = issued if first is None else min(first, issued)
        yield Fact(issued, Fraction(amount, 0))
        yield Fact(issued + YEAR_MS, Fraction(-amount, 0))
    if first is not None:
        yield Fact(first, Fraction(0, potential))
