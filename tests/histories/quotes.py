"""The story of a quote: it goes out, once or again, and is ordered, rejected or both in turn."""

from tests.histories.reference import Firm
from tests.histories.scribe import (
    DAY_MS,
    EventDict,
    Scribe,
)

DEMANDS = ("faster delivery", "smaller packs", "other colour")


def add_quote(scribe: Scribe, firm: Firm, subject: str, quote: str, at: int) -> None:
    """Tell the whole story of one quote; the sending of a few is missing."""
    fields: EventDict = {"quote": quote}
    if scribe.chance(0.5):
        fields["rep"] = scribe.random.choice(firm.reps)
    if scribe.chance(0.8):
        fields["currency"] = scribe.currency()
        fields["amount"] = scribe.amount(fields["currency"])
    if not scribe.chance(0.03):
        scribe.write("quote.sent", subject, at, fields)
    while scribe.chance(0.75):
        at = scribe.after(at, 8 * DAY_MS)
        if scribe.chance(0.5):
            ordered: EventDict = {"quote": quote, "order": quote.replace("quote", "order")}
            scribe.write("quote.ordered", subject, at, ordered)
        else:
            scribe.write("quote.rejected", subject, at, {"quote": quote, **rejection(scribe)})
        if not scribe.chance(0.15):
            return


def rejection(scribe: Scribe) -> EventDict:
    """Draw why a quote is turned down; some say what was missing, some nothing."""
    event: EventDict = {}
    if scribe.chance(0.5):
        event["unmet_demand"] = scribe.random.choice(DEMANDS)
    if scribe.chance(0.5):
        event["reason"] = "price"
    return event
