"""Pay and forecast are functions of the set of events too, however late anything is known."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from tests.histories.events import is_fit
from tests.laws.published import (
    EventDict,
    Reader,
    bodies,
)
from tests.laws.test_law_of_sets import Stream

RULES = """
[forecast]
floor = 2

[[commission]]
name = "own"
kpi = "revenue_won"
window = "month"
rate = "0.05"

[[commission]]
name = "stairs"
kpi = "revenue_won"
window = "quarter"
tiers = [{ from = 0, rate = 0.02 }, { from = 500, rate = 0.1 }]
accelerators = [{ from = "0.5", times = "1.5" }, { from = 1, times = 3 }]
cap = 90

[[commission]]
name = "wins of some"
kpi = "deal_count"
window = "day"
rate = 7
reps = ["ann", "dan"]

[[commission]]
name = "team"
kpi = "revenue_won"
window = "month"
rate = "0.01"
scope = { team = "south" }
splits = { ann = "0.5", cyd = "0.25", eve = "0.25" }
accelerators = [{ from = "0.5", times = 2 }]

[[commission]]
name = "open deals"
kpi = "pipeline_count"
window = "week"
rate = 1
scope = { team = "north" }
splits = { bob = 1 }

[[commission]]
name = "days to pay nobody"
kpi = "cycle_time"
window = "month"
rate = "0.001"
accelerators = [{ from = 1, times = 2 }]
"""
START = datetime(2026, 2, 20, tzinfo=UTC)
HOURS = 24 * 50
REPS = ("ann", "bob", "cyd", "dan")
DAYS = st.integers(0, 60).map(lambda days: f"{START + timedelta(days=days):%Y-%m-%d}")
AMOUNTS = st.sampled_from(("100", "250.55", "-30", "0", "1999.99"))


def is_payable(target: EventDict) -> bool:
    """Whether the target's KPI has such a scope and window; commission is paid to reps."""
    if target["kpi"] == "commission":
        return "rep" in target["scope"]
    return is_fit(target)


KINDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "deal.changed": st.fixed_dictionaries(
        {"deal": st.sampled_from("abcdefgh")},
        optional={
            "stage": st.sampled_from(("demo", "offer")),
            "status": st.sampled_from(("open", "won", "won", "lost")),
            "amount": AMOUNTS,
            "rep": st.sampled_from(REPS),
            "expected_close": DAYS,
        },
    ),
    "deal.deleted": st.fixed_dictionaries({"deal": st.sampled_from("abcdefgh")}),
    "rep.set": st.fixed_dictionaries(
        {"rep": st.sampled_from(REPS), "team": st.sampled_from(("north", "south", ""))}
    ),
    "target.set": st.fixed_dictionaries(
        {
            "kpi": st.sampled_from(("revenue_won", "commission", "forecast", "cycle_time")),
            "scope": st.sampled_from(
                [{"rep": rep} for rep in REPS] + [{"team": "south"}, {"team": "north"}]
            ),
            "window": st.sampled_from(("week", "month", "quarter")),
            "value": st.sampled_from(("100", "1000", "0", "5000000")),
        },
        optional={"start": DAYS},
    ).filter(is_payable),
}


@st.composite
def histories(draw: st.DrawFn) -> list[EventDict]:
    """Draw a few weeks of eight deals, the teams and the targets."""
    kinds = st.sampled_from([*["deal.changed"] * 8, *KINDS])
    events: list[EventDict] = []
    for number, kind in enumerate(draw(st.lists(kinds, max_size=40))):
        fields: dict[str, Any] = draw(KINDS[kind])
        if "deal" in fields:
            fields["subject"] = f"deal-{fields['deal']}"
        if "amount" in fields:
            fields["currency"] = "EUR"
        at = START + timedelta(hours=draw(st.integers(0, HOURS)))
        events.append({"id": f"e{number}", "type": kind, "at": at.isoformat(), **fields})
    return events


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the rules."""
    file = tmp_path_factory.mktemp("pay") / "rules.toml"
    file.write_text(RULES)
    return file


def instant(hours: int) -> int:
    """Give so many hours after the start in milliseconds."""
    return int((START + timedelta(hours=hours)).timestamp() * 1000)


@given(events=histories(), data=st.data())
def test_order_and_duplication_change_no_byte(
    rules: Path, events: list[EventDict], data: st.DataObject
) -> None:
    settings = Settings(now=instant(HOURS), rules=rules, currency="EUR")
    again = data.draw(st.lists(st.sampled_from(events), max_size=8)) if events else []
    shuffled = data.draw(st.permutations([*events, *again]))
    assert bodies(shuffled, settings) == bodies(events, settings)


@given(events=histories(), data=st.data())
def test_arriving_bit_by_bit_while_time_passes_ends_where_a_replay_does(
    rules: Path, events: list[EventDict], data: st.DataObject
) -> None:
    arrival = data.draw(st.permutations(events))
    hours = data.draw(st.integers(0, HOURS))
    clocks = sorted(data.draw(st.lists(st.integers(0, hours), min_size=1, max_size=5)))
    stream = Stream(Settings(rules=rules), instant(clocks[0]))
    reader = Reader()
    for clock in (*clocks, hours):
        cut = data.draw(st.integers(0, len(arrival)))
        some, arrival = (arrival[:cut], arrival[cut:]) if clock < hours else (arrival, [])
        stream.process(some, instant(clock))
        reader.read(stream.mergers)
    assert reader.records == bodies(events, Settings(now=instant(hours), rules=rules))


@given(events=histories(), hours=st.integers(0, HOURS))
def test_every_payment_is_what_its_trace_adds_up_to(
    rules: Path, events: list[EventDict], hours: int
) -> None:
    for body in bodies(events, Settings(now=instant(hours), rules=rules)).values():
        record = json.loads(body + b"}")
        if record["kpi"] == "commission":
            parts = record["parts"]
            assert parts["sum"] == sum(it["sum"] for it in parts["trace"])
            assert record["value"] == f"{parts['sum'] / 100:.2f}"
