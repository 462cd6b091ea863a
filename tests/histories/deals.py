"""The story of a deal: it opens, moves on, changes its mind, is won, lost or deleted."""

from datetime import timedelta

from tests.histories.quotes import add_quote
from tests.histories.reference import (
    CHANNELS,
    PARTNERS,
    PRODUCTS,
    Firm,
)
from tests.histories.scribe import (
    DAY_MS,
    EPOCH,
    EventDict,
    Scribe,
)

STAGES = ("contact", "needs", "offer", "negotiation", "contract")
REASONS = ("price", "competitor", "no budget", "no answer")
ACCOUNTS = tuple(f"account-{number}" for number in range(50))
PROBABILITIES = (0.05, 0.1, 0.25, 0.3, 0.5, 0.75, 0.9, 0, 1)


def deal_journey(scribe: Scribe, firm: Firm, number: int) -> None:
    """Tell of a deal that came from no lead: its subject is its own id."""
    deal = f"deal-{number}"
    add_deal(scribe, firm, deal, deal, scribe.moment())


def add_deal(scribe: Scribe, firm: Firm, subject: str, deal: str, begins: int) -> None:
    """Tell the whole story of one deal."""
    at = begins
    add(scribe, subject, at, {"deal": deal, **opening(scribe, firm, at)})
    for stage in STAGES[1 : scribe.random.randint(1, len(STAGES))]:
        at = scribe.after(at, 6 * DAY_MS)
        add(scribe, subject, at, {"deal": deal, "stage": stage, **change_of_mind(scribe)})
    if scribe.chance(0.05):
        back = {"deal": deal, "stage": scribe.random.choice(STAGES)}
        at = scribe.after(at, DAY_MS)
        add(scribe, subject, at, back)
    if scribe.chance(0.4):
        add_quote(scribe, firm, subject, deal.replace("deal", "quote"), at)
    at = add_closing(scribe, subject, deal, at)
    if scribe.chance(0.05):
        at = scribe.after(at, 3 * DAY_MS)
        scribe.write("deal.deleted", subject, at, {"deal": deal})
        if scribe.chance(0.3):
            revived = scribe.after(at, 3 * DAY_MS)
            add(scribe, subject, revived, {"deal": deal, "stage": "needs"})


def add(scribe: Scribe, subject: str, at: int, fields: EventDict) -> None:
    """Write one change of a deal."""
    scribe.write("deal.changed", subject, at, fields)


def opening(scribe: Scribe, firm: Firm, at: int) -> EventDict:
    """Draw what is said of a deal at its beginning; one in ten has no amount."""
    fields: EventDict = {"stage": STAGES[0]}
    if scribe.chance(0.5):
        fields["status"] = "open"
    if scribe.chance(0.9):
        currency = scribe.currency()
        fields["amount"] = scribe.amount(currency)
        if scribe.chance(0.97):
            fields["currency"] = currency
    if scribe.chance(0.5):
        fields["probability"] = scribe.random.choice(PROBABILITIES)
    if scribe.chance(0.6):
        closing = EPOCH + timedelta(milliseconds=scribe.after(at, 25 * DAY_MS))
        fields["expected_close"] = closing.date().isoformat()
    for field, values, share in (
        ("rep", firm.reps, 0.5),
        ("channel", CHANNELS, 0.2),
        ("partner", PARTNERS, 0.2),
        ("product", PRODUCTS, 0.4),
        ("account", ACCOUNTS, 0.3),
    ):
        if scribe.chance(share):
            fields[field] = scribe.random.choice(values)
    return fields


def change_of_mind(scribe: Scribe) -> EventDict:
    """Draw what else changes when a deal moves on."""
    fields: EventDict = {}
    if scribe.chance(0.2):
        fields["currency"] = scribe.currency()
        fields["amount"] = scribe.amount(fields["currency"])
    if scribe.chance(0.3):
        fields["probability"] = scribe.random.choice(PROBABILITIES)
    return fields


def add_closing(scribe: Scribe, subject: str, deal: str, at: int) -> int:
    """Win or lose the deal, or leave it open; some closed ones are opened again."""
    while True:
        status = scribe.random.choices(("won", "lost", "open"), (40, 30, 30))[0]
        if status == "open":
            return at
        at = scribe.after(at, 5 * DAY_MS)
        fields: EventDict = {"deal": deal, "status": status}
        if status == "lost" and scribe.chance(0.7):
            fields["reason"] = scribe.random.choice(REASONS)
        add(scribe, subject, at, fields)
        if scribe.chance(0.05):
            at = scribe.after(at, DAY_MS)
            add(scribe, subject, at, fields)
        if not scribe.chance(0.08):
            return at
        at = scribe.after(at, 4 * DAY_MS)
        add(scribe, subject, at, {"deal": deal, "status": "open"})
