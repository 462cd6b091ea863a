"""Targets that will not be met at this pace."""

from pathlib import Path
from typing import Any

import pytest

from tests.alerts.current import current_alerts, kinds
from tests.kpis.story import (
    Said,
    call,
    lead,
    member,
    said,
    won,
)

OFF_PACE = "target_off_pace|revenue_won|all|month"


def target(value: str, kpi: str = "revenue_won", window: str = "month", **fields: Any) -> Said:
    """Someone plans what a KPI should come to."""
    return said(
        "target.set", "01-01 00:00", kpi=kpi, window=window, value=value, **({"scope": {}} | fields)
    )


@pytest.mark.parametrize(("amount", "holds"), [("503.22", True), ("503.24", False)])
def test_target_is_off_pace_below_four_fifths_of_what_should_be_there(
    amount: str, holds: bool
) -> None:
    # 19.5 of 31 days are over: 629.03 should be there, of which four fifths are 503.22(4).
    found = current_alerts(target("1000"), won("03-10 09:00", amount=amount))
    assert (OFF_PACE in found) is holds


def test_target_off_pace_names_its_scope_window_and_rule() -> None:
    for_ann = target("1000", scope={"rep": "ann"})
    found = current_alerts(for_ann, won("03-10 09:00", amount="100", rep="ann"))
    assert found["target_off_pace|revenue_won|rep=ann|month"] == {
        "kind": "target_off_pace",
        "subject": "revenue_won|rep=ann|month",
        "rep": "ann",
        "since": "2026-03-08T18:00:00+00:00",
        "amount": None,
        "currency": None,
        "rule": {"below": "0.8", "elapsed": "0.25"},
        "kpi": "revenue_won",
        "scope": {"rep": "ann"},
        "window": "month",
        "start": "2026-03-01T00:00:00+00:00",
        "end": "2026-04-01T00:00:00+00:00",
        "text": "revenue_won of rep=ann is below 0.8 of the pace to its target of 1000.00"
        " for the month from 2026-03-01.",
        "updated_at": "2026-03-20T12:00:00+00:00",
    }


@pytest.mark.parametrize(("now", "holds"), [("03-08 17:59", False), ("03-08 18:00", True)])
def test_first_quarter_of_a_window_raises_no_alert(now: str, holds: bool) -> None:
    # A quarter of 31 days is 7 days and 18 hours.
    assert (OFF_PACE in current_alerts(target("1000"), now=now)) is holds


def test_what_comes_in_withdraws_the_alert() -> None:
    events = [target("1000"), won("03-10 09:00", amount="100")]
    assert OFF_PACE in current_alerts(*events)
    assert OFF_PACE not in current_alerts(*events, won("03-20 09:00", "deal-2", amount="500"))


def test_target_of_one_month_does_not_hold_for_the_next() -> None:
    assert OFF_PACE in current_alerts(target("1000", start="2026-03-01"))
    assert OFF_PACE not in current_alerts(target("1000", start="2026-03-01"), now="04-20 12:00")


def test_rate_should_be_there_all_the_time_and_lower_may_be_better() -> None:
    low = [lead("03-10 09:00"), call("03-10 11:00")]
    hour, two = (target(str(ms), "response_time") for ms in (3_600_000, 7_200_000))
    key = "target_off_pace|response_time|all|month"
    assert key in current_alerts(hour, *low)
    assert key not in current_alerts(two, *low)
    # Nothing to be slow with.
    assert key not in current_alerts(hour)


def test_teams_have_targets_too() -> None:
    events = [
        target("1000", scope={"team": "north"}),
        member("ann", team="north"),
        won("03-10 09:00", amount="100", rep="ann"),
    ]
    (alert,) = (it for it in current_alerts(*events).values() if it["kind"] == "target_off_pace")
    assert (alert["subject"], alert["rep"]) == ("revenue_won|team=north|month", None)


def test_thresholds_are_rules(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    events = [target("1000"), won("03-10 09:00", amount="400")]
    assert "target_off_pace" in kinds(*events)
    rules.write_text('[alerts.target_off_pace]\nbelow = "0.6"\n')
    assert "target_off_pace" not in kinds(*events, rules=rules)
    rules.write_text('[alerts.target_off_pace]\nelapsed = "0.7"\n')
    assert "target_off_pace" not in kinds(*events, rules=rules)
    rules.write_text("[alerts.target_off_pace]\nenabled = false\n")
    assert "target_off_pace" not in kinds(*events, rules=rules)
