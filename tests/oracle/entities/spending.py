"""Money spent on marketing."""

from collections.abc import Iterable, Iterator

from tests.oracle.entities.facts import (
    Fact,
    Reporting,
    unpriced,
)
from tests.oracle.history.events import Event


def spending_facts(current: Iterable[Event], reporting: Reporting) -> Iterator[Fact]:
    """List the spends; `current` holds one record for each id."""
    for spend in current:
        day = reporting.local_date(spend.at)
        minor = reporting.rates.minor(spend.fields["amount"], spend.fields["currency"], day)
        if minor is None:
            yield unpriced("marketing_spend", spend.at)
        else:
            on = {
                dimension: spend.text(dimension) for dimension in ("channel", "media", "campaign")
            }
            yield Fact("marketing_spend", spend.at, on, {"sum": minor})
