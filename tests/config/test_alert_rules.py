"""What the rules file says about alerts."""

from pathlib import Path

import pytest

from streams.config.declaration import BadSetting
from streams.config.rules import read
from tests.alerts.current import current_alerts, kinds
from tests.kpis.story import deal, lead


def written(folder: Path, text: str) -> Path:
    """Write a rules file."""
    file = folder / "rules.toml"
    file.write_text(text)
    return file


def test_thresholds_are_read_and_the_rest_stays(tmp_path: Path) -> None:
    text = '[alerts.lead_unanswered]\nafter = "90m"\n[alerts.reorder_due]\ngaps = 4\n'
    rules = read(written(tmp_path, text)).alerts
    assert rules.lead_unanswered is not None
    assert rules.lead_unanswered.after_ms == 90 * 60_000
    assert rules.lead_unanswered.max_age_ms == 30 * 86_400_000
    assert rules.reorder_due is not None
    assert rules.reorder_due.gaps == 4
    assert rules.churn_risk is not None


def test_lead_may_wait_as_long_as_the_rules_allow(tmp_path: Path) -> None:
    rules = written(tmp_path, '[alerts.lead_unanswered]\nafter = "90m"\nmax_age = "1d"\n')
    waiting = lead("03-10 09:00")
    assert kinds(waiting, now="03-10 10:29", rules=rules) == set()
    (alert,) = current_alerts(waiting, now="03-10 10:30", rules=rules).values()
    assert alert["rule"] == {"after_ms": 5_400_000, "max_age_ms": 86_400_000}
    assert "within 90 min of its coming" in alert["text"]
    assert kinds(waiting, now="03-11 10:30", rules=rules) == set()


def test_lead_is_answered_in_working_hours_where_the_rules_set_them(tmp_path: Path) -> None:
    rules = written(tmp_path, '[definitions]\nresponse_hours = "business"\n')
    # Friday, half an hour before the work ends at 17:00; it begins at 9:00 on Monday.
    waiting = lead("03-13 16:30")
    assert kinds(waiting, now="03-16 09:29", rules=rules) == set()
    assert kinds(waiting, now="03-16 09:30", rules=rules) == {"lead_unanswered"}


def test_kind_that_is_switched_off_is_not_raised(tmp_path: Path) -> None:
    rules = written(tmp_path, "[alerts.opportunity_stale]\nenabled = false\n")
    stale = deal("03-01 09:00")
    assert kinds(stale, now="04-15 09:00") == {"opportunity_stale"}
    assert kinds(stale, now="04-15 09:00", rules=rules) == set()


def test_rule_for_stale_deals_may_differ_from_the_kpis(tmp_path: Path) -> None:
    rules = written(tmp_path, '[alerts.opportunity_stale]\nafter = "5d"\n')
    assert kinds(deal("03-01 09:00"), now="03-06 09:00", rules=rules) == {"opportunity_stale"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[alerts.lead_unanswerd]\n", "alerts.lead_unanswerd is no rule"),
        ('[alerts.churn_risk]\nafter = "1d"\n', "alerts.churn_risk.after is no rule"),
        ("[alerts.lead_unanswered]\nafter = 3\n", "it must be a length of time"),
        ("[alerts.reorder_due]\ngaps = 0\n", "give it a number from 1"),
        ("[alerts]\nchurn_risk = false\n", "write [alerts.churn_risk] and its keys below"),
    ],
)
def test_rules_that_cannot_be_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read(written(tmp_path, text))
    assert expected in str(refused.value)
    assert "line " in str(refused.value)
