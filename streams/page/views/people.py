"""People: a table of teams, one of reps, and a page for each rep."""

from typing import Any

from streams.page.choice import Choice
from streams.page.views import today
from streams.page.views.alerts import KINDS, group
from streams.page.views.card import Source
from streams.page.views.points import trend
from streams.page.views.shown import Needs
from streams.page.views.table import Plan, table

KPIS = (
    "response_time",
    "response_within_hour",
    "call_count",
    "followup_contacts",
    "deal_count",
    "revenue_won",
)
LINE = "revenue_won"
TEAMS = Plan("teams", "team", KPIS, LINE, has_bars=True)
REPS = Plan("reps", "rep", KPIS, LINE, has_bars=True, links_to_rep=True)
# Two lines of a rep's page: how fast, and how much.
SHORT = 4
TRENDS = ("response_time", "call_count")


def needs(choice: Choice) -> Needs:
    """Return what the view reads."""
    return Needs(
        frozenset(KPIS), frozenset(), frozenset({"rep", "team"}), frozenset({"day", choice.window})
    )


def build(source: Source) -> dict[str, Any]:
    """Build the view."""
    ranked = source.choice.is_ranked
    return {
        "tables": [table(source, TEAMS), table(source, REPS)],
        "switch": source.choice.address(is_ranked=not ranked),
        "is_ranked": ranked,
    }


def build_rep(source: Source) -> dict[str, Any]:
    """Build a rep's own page: the same cards, two lines, and what waits for the rep."""
    scope = today.scope_of(source.choice)
    of_rep = source._replace(alerts=[a for a in source.alerts if a.get("rep") == source.choice.rep])
    groups = [group(of_rep, kind, most=SHORT, has_rest=True) for kind in KINDS]
    return {
        "rep": source.choice.rep,
        "cards": today.cards(source),
        "trends": [trend(source, kpi, scope) for kpi in TRENDS if source.has(kpi)],
        "groups": [found for found in groups if found.size],
        "back": source.choice.address("people"),
    }
