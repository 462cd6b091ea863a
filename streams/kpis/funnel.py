"""How do leads become deals, and where do they get lost?"""

from collections.abc import Iterator

from streams.engine.algebra.measures import (
    COUNT,
    COUNTS,
    RATIO,
    SHARE,
    Fraction,
)
from streams.engine.catalogue.kpi import Fact, kpi
from streams.journeys import Deal, Lead


@kpi(
    "lead_count",
    measure=COUNT,
    unit="count",
    scopes=("rep", "team", "channel", "media", "campaign", "partner"),
    hourly=True,
    formula="count of leads created",
    source="lead volume, the trade's term",
)
def lead_count(lead: Lead) -> Fact[int]:
    """Leads created."""
    return Fact(lead.created, 1)


@kpi(
    "qualified_leads",
    measure=COUNT,
    unit="count",
    scopes=("rep", "team", "channel", "campaign"),
    formula="count of first qualifications of leads",
    source="qualified leads, the trade's term",
)
def qualified_leads(lead: Lead) -> Fact[int] | None:
    """Leads found worth selling to, at their first qualification."""
    return None if lead.qualified is None else Fact(lead.qualified, 1)


@kpi(
    "handover_rate",
    measure=SHARE,
    unit="ratio",
    scopes=("rep", "team", "channel", "campaign"),
    formula="qualified leads handed over / leads qualified",
    source="marketing-to-sales handover rate, the trade's term",
)
def handover_rate(lead: Lead) -> Fact[bool] | None:
    """Share of the leads qualified in the window that were handed over to sales."""
    return None if lead.qualified is None else Fact(lead.qualified, lead.is_handed_over)


@kpi(
    "stage_entries",
    measure=COUNTS,
    unit="count",
    scopes=("rep", "team"),
    formula="count of deals that entered a stage, by stage",
    source="funnel volume by stage, the trade's term",
)
def stage_entries(deal: Deal) -> Iterator[Fact[str]]:
    """Deals that reached a stage, by stage; however often one re-enters it, it counts once."""
    for stage, at in deal.stage_entries.items():
        yield Fact(at, stage)


@kpi(
    "stage_conversion",
    measure=SHARE,
    unit="ratio",
    scopes=("team", "stage"),
    formula="deals that later entered a later stage or are won / deals that entered the stage",
    source="stage-to-stage conversion rate, the trade's term",
)
def stage_conversion(deal: Deal) -> Iterator[Fact[bool]]:
    """Share of deals that went on from a stage to a later one or were won, by stage entered.

    The order of stages is a setting, of a pipeline or of all; a stage that it lacks is later than
    none. Without an order a stage is later if the deal had not been in it.
    """
    converted = deal.converted
    for stage, at in deal.stage_entries.items():
        yield Fact(at, stage in converted, deal.dimensions_at(at).with_stage(stage))


@kpi(
    "funnel_realisation",
    measure=SHARE,
    unit="ratio",
    scopes=("rep", "team", "product"),
    formula="deals now won / deals created",
    source="opportunity-to-win conversion rate by cohort, the trade's term",
)
def funnel_realisation(deal: Deal) -> Fact[bool]:
    """Share of the deals created in the window that are won by now."""
    return Fact(deal.created, deal.won is not None)


@kpi(
    "funnel_realisation_value",
    measure=RATIO,
    unit="ratio",
    scopes=("rep", "team", "product"),
    formula="amounts of deals now won / amounts of deals created",
    source="opportunity-to-win conversion rate by value, the trade's term",
)
def funnel_realisation_value(deal: Deal) -> Fact[Fraction]:
    """The amounts won by now as a share of the amounts of all deals created in the window.

    At the rate of the day each was created.
    """
    worth = deal.worth(deal.created)
    if not isinstance(worth, int):
        return Fact(deal.created, worth)
    return Fact(deal.created, Fraction(worth if deal.won is not None else 0, worth))


@kpi(
    "lost_reasons",
    measure=COUNTS,
    unit="count",
    scopes=("rep", "team", "product"),
    better="lower",
    formula="count of deals lost, by reason",
    source="loss reasons of a win/loss analysis, the trade's term",
)
def lost_reasons(deal: Deal) -> Fact[str] | None:
    """Lost deals by reason, `unknown` where none was given."""
    return None if deal.lost is None else Fact(deal.lost, deal.reason or "unknown")
