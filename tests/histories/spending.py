"""What marketing costs: spends for a campaign, a channel, a kind of media, or for nothing named."""

from tests.histories.reference import (
    CAMPAIGNS,
    CHANNELS,
    MEDIA,
    Firm,
)
from tests.histories.scribe import (
    DAY_MS,
    EventDict,
    Scribe,
)


def campaign_spending(scribe: Scribe, _firm: Firm, _number: int) -> None:
    """Tell of a few spends in a row on one thing."""
    at = scribe.moment()
    on: EventDict = {}
    for field, values in (("campaign", CAMPAIGNS), ("channel", CHANNELS), ("media", MEDIA)):
        if scribe.chance(0.8):
            on[field] = scribe.random.choice(values)
    for _ in range(scribe.random.randint(1, 6)):
        currency = scribe.currency()
        spend: EventDict = {"amount": scribe.amount(currency), "currency": currency, **on}
        scribe.write("spend.recorded", None, at, spend)
        at = scribe.after(at, 7 * DAY_MS)
