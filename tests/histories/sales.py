"""A whole sales history from a seed."""

from datetime import date
from typing import Any

from tests.histories.accounts import account_journey
from tests.histories.deals import deal_journey
from tests.histories.efforts import rep_effort
from tests.histories.leads import lead_journey
from tests.histories.reference import firm
from tests.histories.scribe import Scribe
from tests.histories.spending import campaign_spending
from tests.histories.tombstones import merge_or_erase

# What a history is made of: how often each kind of story begins.
STORIES = (
    (lead_journey, 76),
    (deal_journey, 6),
    (account_journey, 14),
    (rep_effort, 8),
    (campaign_spending, 1),
    (merge_or_erase, 2),
)


MONTHS_24 = 731


def long_history(seed: int, events: int = 200_000) -> list[dict[str, Any]]:
    """Make up the events of 24 months, 2024 and 2025, with every kind of story among them."""
    return history(seed, events, start=date(2024, 1, 1), days=MONTHS_24)


def history(
    seed: int, events: int, *, start: date, days: int, reps: int = 12
) -> list[dict[str, Any]]:
    """Make up that many events, ordered by when they happened.

    Stories begin within the `days` from `start`; they go on for some weeks, so the last events
    lie after the end. Corrections come under their first event's id with a later time.
    """
    scribe = Scribe(seed, start, days)
    staff = firm(scribe, reps)
    add = [story for story, _ in STORIES]
    often = [weight for _, weight in STORIES]
    number = 0
    while len(scribe.written) < events:
        number += 1
        scribe.change_offset()
        story = scribe.random.choices(add, often)[0]
        story(scribe, staff, number)
    written = scribe.written[:events]
    written.sort(key=lambda item: item[0])
    return [event for _, event in written]
