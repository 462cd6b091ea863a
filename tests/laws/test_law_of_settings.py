"""The settings that each KPI is told to depend on: no other one changes its records."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import orjson
import pytest

from streams.config.rules import Rules, parse
from streams.config.rules.table import read_table
from streams.config.settings import Settings, instant
from streams.operations.replay import replay
from streams.wiring.catalogue import catalogue
from streams.wiring.dependencies import CHOICES, depends_on, in_force
from streams.wiring.describe import in_force as described
from tests.histories import history, lines
from tests.output.records import key

NOW = instant("2026-06-15T12:00:00+02:00", "now")
# Deals that made-up histories of this length seldom have, each of which shows a setting: day,
# status and amount of each change.
RARE: tuple[tuple[tuple[str, str | None, str | None], ...], ...] = (
    # Won again; lost with an amount that was corrected afterwards; of all three sizes.
    (("05-12", "won", "2000.00"), ("05-20", "open", None), ("06-02", "won", None)),
    (("05-15", "open", "100.00"), ("05-16", "lost", None), ("05-17", None, "900.00")),
    (("05-18", "won", "5000.00"),),
    # Open and due in the quarter: without a probability of its own, and with one.
    (("06-01", "open", "7000.00"),),
    (("06-03", "open", "3000.00"),),
)
CHANCY = 4
COMPARED = ("value", "parts", "percentiles", "unit", "start")
STAGES = ("contract", "negotiation", "offer", "needs", "contact")
Change = Callable[[Settings], tuple[Settings, Rules]]


def rules(text: str = "") -> Rules:
    """Rules with few kinds of windows: each is counted."""
    return parse(read_table(f'{text}\n[catalogue]\nwindows = ["week", "quarter"]\n', "rules.toml"))


def ruled(text: str) -> Change:
    """Change the rules file."""
    return lambda settings: (settings, rules(text))


def setting(**changed: Any) -> Change:
    """Change settings of the environment."""
    return lambda settings: (replace(settings, **changed), rules())


CHANGES: Mapping[str, Change] = {
    "timezone": setting(timezone="Asia/Tehran"),
    "week_start": setting(week_start=6),
    "fiscal_start": setting(fiscal_start=2),
    "stale_days": setting(stale_days=3),
    "small_deal": setting(small_deal=3_000),
    "large_deal": setting(large_deal=4_000),
    "stage_probability": setting(stage_probability=dict.fromkeys(STAGES, "0.4")),
    "stages": setting(stages=STAGES),
    "churn_threshold": setting(churn_threshold=2),
    "churn_weights": setting(churn_weights={"complaint": 9}),
    "currency": setting(currency="USD"),
    "rules.calendar.fiscal_calendar": ruled('[calendar]\nfiscal_calendar = "445"'),
    "rules.definitions.business": ruled('[definitions]\nresponse_hours = "business"'),
    "rules.definitions.stages": ruled(f"[definitions]\nstages = {list(STAGES)}"),
    "rules.forecast.floor": ruled("[forecast]\nfloor = 1"),
    CHOICES + "win": ruled('[definitions]\nwin = "first"'),
    CHOICES + "close_rate_by": ruled('[definitions]\nclose_rate_by = "creation"'),
    CHOICES + "owner": ruled('[definitions]\nowner = "event"'),
    CHOICES + "organisation": ruled('[definitions]\norganisation = "event"'),
    CHOICES + "conversion": ruled('[definitions]\nconversion = "close"'),
    CHOICES + "lost_amount": ruled('[definitions]\nlost_amount = "open"'),
}
KPIS = {kpi.name: kpi for kpi in catalogue(Settings()).published}


@cache
def events() -> tuple[bytes, ...]:
    made_up = lines(history(5, 160, start=date(2026, 5, 10), days=30)).splitlines()
    return (*made_up, *map(orjson.dumps, _rare()))


def _rare() -> Iterator[dict[str, Any]]:
    """The events of the rare deals, and one complaint."""
    for number, changes in enumerate(RARE):
        for day, status, amount in changes:
            fields = {"status": status, "amount": amount}
            yield {
                "type": "deal.changed",
                "id": f"rare-{number}-{day}",
                "at": f"2026-{day}T10:00:00+02:00",
                "subject": f"rare-{number}",
                "deal": f"rare-{number}",
                "stage": "offer",
                "currency": "EUR",
                "expected_close": "2026-06-25",
                **({"probability": 0.5} if number == CHANCY else {}),
                **{name: value for name, value in fields.items() if value is not None},
            }
    yield {
        "type": "ticket.opened",
        "id": "rare",
        "at": "2026-06-01T10:00:00+02:00",
        "subject": "rare",
        "ticket": "rare",
        "kind": "complaint",
    }


def counted(settings: Settings, rules: Rules) -> dict[str, Any]:
    """What follows from the events, without what tells of other records or of the writing."""
    found = {}
    for record in replay(events(), settings, rules=rules):
        fields = orjson.loads(record)
        found[key(record)] = [fields.get(name) for name in COMPARED]
    return found


@cache
def usual() -> tuple[Settings, dict[str, Any]]:
    settings = Settings(now=NOW, timezone="Europe/Berlin", currency="EUR")
    return settings, counted(settings, rules())


@pytest.mark.parametrize("path", CHANGES)
def test_no_kpi_changes_with_a_setting_that_it_does_not_name(path: str) -> None:
    settings, before = usual()
    after = counted(*CHANGES[path](settings))
    changed = {
        each.partition("|")[0]
        for each in before.keys() | after.keys()
        if before.get(each) != after.get(each)
    }
    named = {name for name, kpi in KPIS.items() if path in depends_on(kpi)}
    assert changed <= named
    assert changed, "the events show nothing of it"


def test_every_path_is_one_of_the_published_settings() -> None:
    settings = json.loads(json.dumps(described(Settings(), Rules())))
    for kpi in KPIS.values():
        paths = depends_on(kpi)
        assert list(in_force(settings, paths)) == paths
