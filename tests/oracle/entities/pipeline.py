"""The levels over open deals, which follow each deal's history."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from tests.oracle.entities.deal import Deal, State
from tests.oracle.entities.facts import (
    Fact,
    Level,
    Reporting,
    Standing,
    unpriced,
)
from tests.oracle.entities.journeys import Journey
from tests.oracle.entities.owners import handed_on
from tests.oracle.history.money import round_half_up

# A standing, and its amount in minor units: None where that is not known.
Valued = tuple[Standing, int | None]


def pipeline_facts(journey: Journey, reporting: Reporting) -> Iterator[Fact | Level]:
    """List what a subject's deals add to the levels."""
    for deal in journey.deals:
        states = [state for state in deal.states if state.is_open]
        counted = [standing(deal, state) for state in states]
        yield level("pipeline_count", deal, counted, reporting)
        amounts = [it for state in states for it in amount(deal, state, reporting)]
        yield from money("pipeline_amount", deal, amounts, reporting)
        weighted = [it for state in states for it in weigh(deal, state, reporting)]
        yield from money("pipeline_weighted", deal, weighted, reporting)
        expired = [it for state in states for it in expire(deal, state, reporting)]
        yield from money("expired_pipeline", deal, expired, reporting)
        yield level("stale_opportunities", deal, stale(journey, deal, reporting), reporting)


def standing(deal: Deal, state: State) -> Standing:
    """One deal, in the pipeline and stage that it had then."""
    then = {"pipeline": state.value("pipeline"), "stage": state.value("stage")}
    return Standing(state.start, state.end, {**deal.qualities, **then}, {"level": 1})


def level(kpi: str, deal: Deal, standings: Iterable[Standing], reporting: Reporting) -> Level:
    """What a deal adds to a level, under the reps who have it."""
    return Level(kpi, handed_on(standings, deal.owners, reporting.definitions))


def money(
    kpi: str, deal: Deal, valued: Sequence[Valued], reporting: Reporting
) -> Iterator[Fact | Level]:
    """What a deal adds to a level of money; each time it stands without a price is a fault."""
    unpriced_until = -1
    for whole, minor in valued:
        if minor is None:
            if whole.start != unpriced_until:
                yield unpriced(kpi, whole.start)
            unpriced_until = whole.end or -1
    priced = [replace(it, parts={"level": minor}) for it, minor in valued if minor is not None]
    yield level(kpi, deal, priced, reporting)


def worth(
    deal: Deal, amount: str | None, currency: str | None, at: int, reporting: Reporting
) -> int | None:
    """An amount of a deal in minor units; None without a rate.

    The rate is that of the instant or, by definition, that of a closed deal's end.
    """
    if reporting.definitions.conversion == "close" and deal.closed is not None:
        at = deal.closed
    assert amount is not None
    return reporting.rates.minor(amount, currency, reporting.local_date(at))


def amount(deal: Deal, state: State, reporting: Reporting) -> Iterator[Valued]:
    """The amount it had then, at the rate of the deal's creation."""
    if state.value("amount") is not None:
        of_then = state.value("amount"), state.value("currency")
        yield standing(deal, state), worth(deal, *of_then, deal.created, reporting)


def weigh(deal: Deal, state: State, reporting: Reporting) -> Iterator[Valued]:
    """The same times the probability: the deal's own, else its stage's, else it is left out."""
    likely = probability(state, reporting)
    if likely is not None:
        for whole, minor in amount(deal, state, reporting):
            yield whole, None if minor is None else round_half_up(minor * likely)


def probability(state: State, reporting: Reporting) -> Fraction | None:
    """How likely a deal is won, in one of its states."""
    own = state.value("probability")
    if own is not None:
        return Fraction(own)
    return reporting.ladder(state.value("pipeline")).probability.get(state.value("stage") or "")


def expire(deal: Deal, state: State, reporting: Reporting) -> Iterator[Valued]:
    """The amount, from when the expected day of closing is over."""
    expected = state.value("expected_close")
    if expected is None:
        return
    over = reporting.calendar.day_end(date.fromisoformat(expected))
    for whole, minor in amount(deal, state, reporting):
        late = replace(whole, start=max(whole.start, over))
        if late.is_real:
            yield late, minor


def stale(journey: Journey, deal: Deal, reporting: Reporting) -> Iterator[Standing]:
    """The deal while it is open and nothing has happened to its subject for long."""
    instants = sorted({event.at for event in journey.events})
    for last, following in zip(instants, [*instants[1:], None], strict=True):
        state = [it for it in deal.states if it.start <= last]
        if state and state[-1].is_open:
            start = last + reporting.stale_ms
            found = Standing(start, following, deal.qualities, {"level": 1})
            if found.is_real:
                yield found
