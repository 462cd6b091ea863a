"""Records of commission and forecast match their types exactly."""

import msgspec
import orjson
import pytest

from streams.config.rules import parse
from streams.config.rules.table import read_table
from streams.config.settings import Settings
from streams.operations.replay import replay
from streams.output.records.plan_parts import PLAN_PARTS
from tests.kpis.story import (
    deal,
    instant,
    lost,
    said,
    won,
)

RULES = """
[forecast]
floor = 1

[[commission]]
name = "stairs"
kpi = "revenue_won"
window = "month"
tiers = [{ from = 0, rate = 0.02 }, { from = 300, rate = "0.1" }]
accelerators = [{ from = 1, times = 2 }]
cap = 500
scope = { rep = "ann" }
splits = { ann = "0.9", bob = "0.1" }
"""
STORY = (
    won("03-10 09:00", amount="700", rep="ann", stage="offer"),
    lost("03-11 09:00", "deal-2", "10", rep="ann", stage="offer"),
    deal("03-12 09:00", "deal-3", amount="90", stage="offer", expected_close="2026-03-30"),
    said(
        "target.set",
        "01-01 00:00",
        kpi="revenue_won",
        scope={"rep": "ann"},
        window="month",
        value="300",
    ),
)


@pytest.mark.parametrize("kpi", PLAN_PARTS)
def test_parts_match_their_type(kpi: str) -> None:
    rules = parse(read_table(RULES, "rules.toml"))
    lines = [orjson.dumps(said) for said in STORY]
    records = [
        orjson.loads(line)
        for line in replay(lines, Settings(now=instant("03-20 12:00")), rules=rules)
    ]
    found = [record["parts"] for record in records if record["kpi"] == kpi]
    assert found
    for parts in found:
        read = msgspec.convert(parts, PLAN_PARTS[kpi], strict=True)
        # Nothing is left out: what is written again is what was read.
        assert msgspec.to_builtins(read) == parts
