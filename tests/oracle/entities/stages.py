"""The stages of deals: which were entered, what they led to, and what moved a deal on."""

from collections.abc import Iterator, Sequence

from tests.oracle.entities.facts import (
    Fact,
    Reporting,
    labelled,
    share,
)
from tests.oracle.entities.journeys import (
    Deal,
    Journey,
    is_outbound,
)
from tests.oracle.history.events import Event

WEEK_MS = 7 * 86_400_000
ADVANCING = ("meeting", "presentation")


def stage_facts(journey: Journey, reporting: Reporting) -> Iterator[Fact]:
    """List what a subject adds to the KPIs of stages."""
    for deal in journey.deals:
        for stage, entry in deal.entries.items():
            dimensions = deal.dimensions_at(entry.at, reporting.definitions)
            yield labelled("stage_entries", entry.at, dimensions, stage)
            dimensions = {**dimensions, "stage": stage}
            advanced = has_advanced(deal, stage, reporting.stages)
            yield share("stage_conversion", entry.at, dimensions, advanced)
    for label, effort in efforts(journey.events):
        has_advance = any(advances(deal, effort.at, reporting.stages) for deal in journey.deals)
        parts = {f"{label}.hits": int(has_advance), f"{label}.total": 1}
        yield Fact("advance_rate", effort.at, {"rep": effort.text("rep")}, parts)


def has_advanced(deal: Deal, stage: str, stages: Sequence[str]) -> bool:
    """Tell whether the deal is won, or first entered a later stage after this one."""
    if deal.won is not None:
        return True
    entered = deal.entries[stage].order
    return any(
        entry.order > entered and is_later(other, stage, stages)
        for other, entry in deal.entries.items()
    )


def is_later(stage: str, than: str, stages: Sequence[str]) -> bool:
    """Tell whether a stage comes after another: any other one does, unless the order is set."""
    if stage in stages and than in stages:
        return stages.index(stage) > stages.index(than)
    return stage != than


def efforts(events: Sequence[Event]) -> Iterator[tuple[str, Event]]:
    """List the meetings, presentations and calls that could move a subject's deals."""
    for event in events:
        if event.fields["subject"].startswith("rep:"):
            continue
        if event.type == "activity.logged" and event.fields["kind"] in ADVANCING:
            yield event.fields["kind"], event
        elif is_outbound(event):
            yield "call", event


def advances(deal: Deal, after: int, stages: Sequence[str]) -> bool:
    """Tell whether, within seven days, the deal is won or enters a stage later than one before."""
    if deal.won is not None and after < deal.won <= after + WEEK_MS:
        return True
    return any(
        after < entry.at <= after + WEEK_MS
        and any(
            before.order < entry.order and is_later(stage, earlier, stages)
            for earlier, before in deal.entries.items()
        )
        for stage, entry in deal.entries.items()
    )
