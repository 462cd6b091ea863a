"""The stages of deals: which were entered, what they led to, and what moved a deal on."""

from collections.abc import Iterator, Sequence

from tests.oracle.entities.deal import Deal, Entry
from tests.oracle.entities.facts import (
    Fact,
    Reporting,
    labelled,
    share,
)
from tests.oracle.entities.journeys import Journey, is_outbound
from tests.oracle.history.events import Event

WEEK_MS = 7 * 86_400_000
ADVANCING = ("meeting", "presentation")


def stage_facts(journey: Journey, reporting: Reporting) -> Iterator[Fact]:
    """List what a subject adds to the KPIs of stages."""
    for deal in journey.deals:
        for stage, entry in deal.first_entries.items():
            at = entry.change.at
            dimensions = deal.dimensions_at(at, reporting.definitions)
            yield labelled("stage_entries", at, dimensions, stage)
            advanced = has_advanced(deal, entry, reporting)
            yield share("stage_conversion", at, {**dimensions, "stage": stage}, advanced)
    for label, effort in efforts(journey.events):
        has_advance = any(advances(deal, effort.at, reporting) for deal in journey.deals)
        parts = {f"{label}.hits": int(has_advance), f"{label}.total": 1}
        yield Fact("advance_rate", effort.at, {"rep": effort.text("rep")}, parts)


def has_advanced(deal: Deal, entered: Entry, reporting: Reporting) -> bool:
    """Whether the deal is won, or ever entered a later stage afterwards."""
    if deal.won is not None:
        return True
    after = [it for it in deal.entries if it.change.order > entered.change.order]
    return any(is_later(deal, entry, entered.stage, reporting) for entry in after)


def is_later(deal: Deal, entry: Entry, than: str, reporting: Reporting) -> bool:
    """Whether an entered stage is later than another; without an order, if it is a new one."""
    ladder = reporting.ladder(entry.pipeline)
    return ladder.is_later(entry.stage, than) if ladder.stages else is_first(deal, entry)


def is_first(deal: Deal, entry: Entry) -> bool:
    """Whether the deal had not been in the stage before."""
    return deal.first_entries[entry.stage] == entry


def efforts(events: Sequence[Event]) -> Iterator[tuple[str, Event]]:
    """List the meetings, presentations and calls that could move a subject's deals."""
    for event in events:
        if event.fields["subject"].startswith("rep:"):
            continue
        if event.type == "activity.logged" and event.fields["kind"] in ADVANCING:
            yield event.fields["kind"], event
        elif is_outbound(event):
            yield "call", event


def advances(deal: Deal, after: int, reporting: Reporting) -> bool:
    """Whether, within seven days, the deal is won or enters a later stage."""
    if deal.won is not None and after < deal.won <= after + WEEK_MS:
        return True
    return any(
        after < entry.change.at <= after + WEEK_MS and is_advance(deal, entry, reporting)
        for entry in deal.entries
    )


def is_advance(deal: Deal, entry: Entry, reporting: Reporting) -> bool:
    """Whether a stage is later than the one the deal was just in."""
    if entry.before is None:
        return False
    return is_later(deal, entry, entry.before, reporting)
