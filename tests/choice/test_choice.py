"""The choice of KPIs and windows: what is chosen is as it was, and nothing else is counted."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.config.rules import Rules, parse
from streams.config.rules.table import read_table
from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.catalogue.choice import WINDOWS
from streams.engine.merge.merger import Merger
from streams.events import Event, ReferenceRecord, decode, for_each_kind
from streams.operations.replay import replay, replay_alerts
from streams.wiring.catalogue import catalogue, known_names
from streams.wiring.core import build_core
from tests.histories import history
from tests.kpis.story import Told, call, instant, said, told, won

Records = dict[tuple[str, str, str, str], dict[str, Any]]
SEED, EVENTS = 11, 2_000
HISTORY = [orjson.dumps(event) for event in history(SEED, EVENTS, start=date(2025, 1, 1), days=300)]
NOW = Settings(now=instant("2026-02-15T12:00:00Z"))
PAY = """
[[commission]]
name = "own"
kpi = "revenue_won"
window = "month"
rate = "0.05"
[[commission]]
name = "team"
kpi = "deal_count"
window = "quarter"
rate = "1"
scope = { team = "north" }
splits = { rep-1 = "1" }
"""
CHOICES = [
    'kpis = ["response_time", "deal_count", "revenue_won", "call_count", "pipeline_amount"]\n'
    'windows = ["day", "month", "last_30d"]',
    'kpis = ["campaign_return", "cost_per_lead"]\nwindows = ["month"]',
    'kpis = ["sales_velocity", "pipeline_coverage"]\nwindows = ["month", "last_30d"]',
    'kpis = ["partner_quality", "rrroi", "delivery_sales_lag", "unpriced_facts"]\n'
    'windows = ["month"]',
    'kpis = ["forecast", "commission", "pipeline_weighted"]\nwindows = ["month", "quarter"]',
    'kpis = ["wallet_share", "customer_lifetime_value", "receivables", "campaign_return"]\n'
    'windows = ["last_7d", "year"]',
    'kpis = ["lead_count", "response_time"]\nwindows = ["hour"]',
    'without = ["revenue_won", "pipeline_amount", "prospecting_hours", "deal_count"]',
    'windows = ["week", "last_15d"]',
]


def rules(choice: str, more: str = "") -> Rules:
    """The rules of a table `[catalogue]`."""
    return parse(read_table(f"[catalogue]\n{choice}\n{more}", "rules.toml"))


def records(found: Rules) -> Records:
    """The records of the history, by KPI, scope, window and start."""
    listed = (orjson.loads(line) for line in replay(HISTORY, NOW, lambda *_: None, found))
    return {(one["kpi"], str(one["scope"]), one["window"], one["start"]): one for one in listed}


@pytest.fixture(scope="module")
def whole() -> Records:
    """Every record, with nothing chosen."""
    return records(rules("", PAY))


@pytest.mark.parametrize("choice", CHOICES)
def test_records_of_what_is_chosen_are_those_of_the_whole_catalogue(
    whole: Records, choice: str
) -> None:
    chosen = rules(choice, PAY).catalogue.choice
    kpis = {each.name for each in catalogue(Settings(), rules(choice, PAY)).published}
    expected = {
        key: one for key, one in whole.items() if key[0] in kpis and key[2] in chosen.windows
    }
    assert expected
    found = records(rules(choice, PAY))
    kept = {kpi.name for kpi in catalogue(Settings(), rules(choice, PAY)).kpis}
    assert without_unpriced(found, kept) == without_unpriced(expected, kept)


def without_unpriced(found: Records, kept: set[str]) -> Records:
    """Records, with unpriced facts only as far as they are of KPIs that are kept."""
    unpriced = {
        key: {name: n for name, n in one["parts"]["counts"].items() if name in kept}
        for key, one in found.items()
        if key[0] == "unpriced_facts"
    }
    others = {key: one for key, one in found.items() if key[0] != "unpriced_facts"}
    return others | {key: counts for key, counts in unpriced.items() if counts}


def test_all_that_is_not_chosen_is_neither_counted_nor_kept() -> None:
    found = catalogue(Settings(), rules('kpis = ["deal_count"]\nwindows = ["month"]'))
    aggregator, merger = fed(found)
    assert {name for cell in aggregator.cells().values() for name in cell} == {"deal_count"}
    assert not [cell for cell in aggregator.cells() if cell.startswith("h")]
    assert {key.split("|")[2] for key, body, _ in merger.publications() if body} == {"month"}


def test_ingredients_are_counted_in_the_scopes_that_are_read() -> None:
    found = catalogue(Settings(), rules('kpis = ["campaign_return"]'))
    dimensions = {cell.partition("|")[2].partition("=")[0] for cell in fed(found)[0].cells()}
    assert dimensions == {"", "channel", "media", "campaign"}
    kept = {kpi.name: kpi.is_hidden for kpi in found.kpis}
    assert kept == {"revenue_won": True, "marketing_spend": True}


def fed(found: Any) -> tuple[Aggregator, Merger]:
    """Aggregator and merger of the history."""
    now = NOW.clock()
    aggregator, merger = Aggregator(found, now), Merger(found, now)
    for line in HISTORY:
        event = decode(line)
        if isinstance(event, ReferenceRecord):
            aggregator.add_reference(event)
            merger.add_reference(event)
        elif isinstance(event, Event):
            for each in for_each_kind(event):
                aggregator.add(each)
    for cell, vectors in aggregator.apply_all_pending(now).items():
        merger.set_partial(0, cell, vectors)
    return aggregator, merger


@pytest.fixture
def choosing(tmp_path: Path) -> Callable[..., Told]:
    """Tell a story under a table `[catalogue]`."""

    def tell(choice: str, *events: Any, **options: Any) -> Told:
        file = tmp_path / "rules.toml"
        file.write_text(f"[catalogue]\n{choice}\n")
        return told(*events, rules=file, **options)

    return tell


def test_target_of_a_hidden_kpi_is_read_and_makes_no_record(
    choosing: Callable[..., Told],
) -> None:
    target = said(
        "target.set", "03-01 00:00", kpi="revenue_won", scope={}, window="month", value="1000"
    )
    found = choosing('kpis = ["pipeline_coverage"]', target, won("03-10 09:00", "d", "400"))
    # Nothing is open, of 600 that are missing.
    record = found.record("pipeline_coverage", "all")
    assert record is not None
    assert (record["value"], record["parts"]["target"]) == (0, 100_000)
    assert record["parts"]["revenue_won"] == {"sum": 40_000}
    assert found.record("revenue_won", "all") is None


def test_no_alert_is_raised_over_a_target_of_what_is_not_published() -> None:
    events: list[dict[str, Any]] = [
        {"id": "t", "type": "target.set", "at": "2026-03-01T00:00:00Z", "kpi": "revenue_won"}
        | {"scope": {}, "window": window, "value": "1000"}
        for window in ("month", "year")
    ]
    lines = [orjson.dumps(event) for event in events]
    settings = Settings(now=instant("12-20 00:00"))

    def alerts(choice: str) -> list[str]:
        found = replay_alerts(lines, settings, rules=rules(choice))
        return [orjson.loads(alert)["subject"] for alert in found]

    assert alerts("") == ["revenue_won|all|month", "revenue_won|all|year"]
    assert alerts('windows = ["month"]') == ["revenue_won|all|month"]
    assert alerts('kpis = ["pipeline_coverage"]') == []


def test_targets_of_what_is_not_chosen_are_accepted_for_later() -> None:
    known = known_names(catalogue(Settings(), rules('kpis = ["call_count"]\nwindows = ["day"]')))
    target = {"id": "t", "type": "target.set", "at": "2026-03-01T00:00:00Z", "value": "1000"}
    line = orjson.dumps(target | {"kpi": "revenue_won", "scope": {}, "window": "month"})
    event = decode(line)
    assert isinstance(event, ReferenceRecord)
    assert known.problem(event) is None


def test_catalogue_of_the_topic_holds_what_is_chosen() -> None:
    found = build_core(Settings(), rules('kpis = ["deal_count"]\nwindows = ["day"]'))
    published = found.catalogue_records()
    assert set(published) == {"deal_count", "settings"}
    assert orjson.loads(published["settings"])["rules"]["catalogue"]["choice"] == {
        "kpis": ["deal_count"],
        "windows": ["day"],
        "without": [],
    }


def test_every_window_is_chosen_where_none_is_named(choosing: Callable[..., Told]) -> None:
    found = choosing('without = ["deal_count"]', call("03-20 09:00"))
    assert {record["window"] for record in found.records} >= {*WINDOWS} - {"hour"}
