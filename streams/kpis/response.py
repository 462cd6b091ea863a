"""Are leads answered while they can still be won?"""

from collections.abc import Iterator

from streams.engine.algebra.measures import (
    LEVEL,
    SHARE,
    SPREAD,
)
from streams.engine.calendars.calendar import HOUR_MS
from streams.engine.catalogue.kpi import (
    Fact,
    kpi,
    steps,
)
from streams.journeys import Lead

RESPONSE_STUDY = (
    "lead response time; Oldroyd, McElheran, Elkington: The Short Life of Online Sales Leads,"
    " Harvard Business Review 2011"
)
ANSWERING = ("rep", "team", "department", "unit", "channel", "campaign")


@kpi(
    "response_time",
    measure=SPREAD,
    unit="ms",
    scopes=ANSWERING,
    hourly=True,
    better="lower",
    formula="mean, p50, p90 of (first human touch − lead creation)",
    source=RESPONSE_STUDY,
)
def response_time(lead: Lead) -> Fact[int]:
    """How long a new lead waits for the first call or email from a person.

    Mean, p50 and p90, by the rep who answered. A lead nobody has touched is not counted here:
    `unanswered_leads` has it.
    """
    return Fact(lead.created, lead.waited, lead.answered_by)


@kpi(
    "response_within_hour",
    measure=SHARE,
    unit="ratio",
    scopes=ANSWERING,
    formula="leads answered within 1 h / leads answered, or unanswered for over 1 h",
    source=RESPONSE_STUDY,
)
def response_within_hour(lead: Lead) -> Fact[bool]:
    """Share of leads answered within one hour, of those answered or older than that.

    An unanswered lead counts for the rep who has it, once its hour is over.
    """
    waited = lead.waited
    if waited is None:
        return Fact(lead.created, False, since=lead.overdue_since)
    return Fact(lead.created, waited <= HOUR_MS, lead.answered_by)


@kpi(
    "unanswered_leads",
    measure=LEVEL,
    unit="count",
    scopes=("rep", "team", "channel"),
    better="lower",
    formula="leads older than 1 h without a human touch or a disqualification",
    source="the contract",
)
def unanswered_leads(lead: Lead) -> Iterator[Fact[int]]:
    """Leads waiting for more than an hour, neither touched by a person nor given up."""
    touched = lead.first_touch.at if lead.first_touch else None
    ends = [at for at in (touched, lead.disqualified) if at is not None]
    end = min(ends, default=None)
    if end is None or end > lead.answer_due:
        yield from steps(lead.answer_due, end, 1)
