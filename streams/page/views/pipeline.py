"""Pipeline: open deals by stage, what has changed, what is stale or expired."""

from typing import Any, NamedTuple

from streams.languages.format import Shown
from streams.page.choice import Choice
from streams.page.views.alerts import group
from streams.page.views.card import Card, Source, card
from streams.page.views.points import trend
from streams.page.views.shown import Needs

AMOUNT, COUNT = "pipeline_amount", "pipeline_count"
CARDS = (AMOUNT, "pipeline_weighted", "pipeline_coverage", "forecast")
# What has moved the pipeline within the window.
MOVES = ("deal_count", "revenue_won", "pipeline_created", "expired_pipeline", "stale_opportunities")
LABELLED = ("stage_entries", "lost_reasons")
STAGE = "stage"
FULL = 100.0


class StageBar(NamedTuple):
    """A stage; `filled` is its share of the largest, in percent."""

    name: str
    amount: Shown
    deals: Shown
    filled: float


class Move(NamedTuple):
    """What has happened in the window: a KPI or one label of it."""

    title: str
    key: str
    shown: Shown


def needs(choice: Choice) -> Needs:
    """Return what the view reads."""
    return Needs(
        kpis=frozenset({*CARDS, COUNT, *MOVES, *LABELLED}),
        scopes=frozenset({choice.scope}),
        dimensions=frozenset({STAGE}),
        windows=frozenset({"day", choice.window}),
    )


def build(source: Source) -> dict[str, Any]:
    """Build the view."""
    return {
        "cards": _cards(source),
        "stages": stages(source),
        # Stages are no part of a rep or a team in the records.
        "stages_note": "" if source.choice.scope == "all" else source.text("pipeline.all_stages"),
        "moves": moves(source),
        "trend": trend(source, AMOUNT, source.choice.scope),
        "lists": [group(source, kind) for kind in ("opportunity_expired", "opportunity_stale")],
    }


def _cards(source: Source) -> list[Card]:
    choice = source.choice
    found = [card(source, kpi, choice.scope, choice.window) for kpi in CARDS if source.has(kpi)]
    return [_with_range(source, each) if each.kpi == "forecast" else each for each in found]


def _with_range(source: Source, found: Card) -> Card:
    record = source.records.current("forecast", source.choice.scope, source.choice.window) or {}
    spread = record.get("percentiles") or {}
    if spread.get("p10") is None or spread.get("p90") is None:
        return found
    low, high = (
        source.formats.value("forecast", spread[p], record["unit"]) for p in ("p10", "p90")
    )
    value = source.formats.value("forecast", record["value"], record["unit"])
    text = source.text("card.range", low=low.text, high=high.text)
    return found._replace(shown=value, parts=text)


def stages(source: Source) -> list[StageBar]:
    """Return the stages in the order of the pipeline; without one, the largest first."""
    window = source.choice.window
    names = source.records.values_of(STAGE, window)
    amounts = {name: _amount(source, name) for name in names}
    most = max(amounts.values(), default=0.0) or 1.0
    order: list[str] = list(source.catalogue.get("settings", {}).get("stages") or ())
    names.sort(key=lambda n: (order.index(n) if n in order else len(order), -amounts[n]))
    return [
        StageBar(
            name=name,
            amount=source.shown(AMOUNT, f"stage={name}", window),
            deals=source.shown(COUNT, f"stage={name}", window),
            filled=round(max(amounts[name], 0.0) / most * FULL, 1),
        )
        for name in names
    ]


def _amount(source: Source, stage: str) -> float:
    record = source.records.current(AMOUNT, f"stage={stage}", source.choice.window) or {}
    return float(record.get("value") or 0.0)


def moves(source: Source) -> list[Move]:
    """Return what has changed since the window began."""
    choice, language = source.choice, source.formats.language
    found = [
        Move(
            language.title(kpi),
            f"{kpi}|{choice.scope}|{choice.window}",
            source.shown(kpi, choice.scope, choice.window),
        )
        for kpi in MOVES
        if source.has(kpi)
    ]
    for kpi in LABELLED:
        record = source.records.current(kpi, choice.scope, choice.window) or {"parts": {}}
        for label, count in record["parts"].get("counts", {}).items():
            shown = source.formats.value(kpi, count, "count")
            found.append(Move(f"{language.title(kpi)}: {label}", "", shown))
    return found
