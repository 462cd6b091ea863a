"""What sales people are paid: by hand, with everything that may change afterwards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kpis.story import (
    Said,
    Told,
    call,
    deal,
    deleted,
    member,
    said,
    told,
    won,
)

Paid = Callable[..., Told]
PERCENT = '[[commission]]\nname = "own"\nkpi = "revenue_won"\nwindow = "month"\nrate = "0.05"\n'
STAIRS = """
[[commission]]
name = "stairs"
kpi = "revenue_won"
window = "quarter"
tiers = [{ from = 0, rate = 0.02 }, { from = 1000, rate = 0.1 }]
"""
TEAM = """
[[commission]]
name = "team"
kpi = "revenue_won"
window = "month"
rate = "0.1"
scope = { team = "south" }
splits = { ann = "0.6", cara = "0.4" }
"""


@pytest.fixture
def paid(tmp_path: Path) -> Paid:
    """Tell a story under rules of pay."""

    def tell(rules: str, *events: Said, **options: Any) -> Told:
        file = tmp_path / "rules.toml"
        file.write_text(rules)
        return told(*events, rules=file, **options)

    return tell


def sold(at: str, amount: str, rep: str = "ann") -> Said:
    """A rep wins a deal of their own."""
    return won(at, f"deal {at}", amount, rep=rep)


def target(value: str, scope: dict[str, str], window: str = "month") -> Said:
    """A target of revenue, for every window of that kind."""
    return said(
        "target.set", "01-01 00:00", kpi="revenue_won", scope=scope, window=window, value=value
    )


def test_five_percent_of_what_was_won_in_the_month(paid: Paid) -> None:
    found = paid(PERCENT, sold("02-10 09:00", "100"), sold("03-10 09:00", "1234.50"))
    assert found["commission", "rep=ann"] == "61.73"  # 61.725
    assert found["commission", "rep=ann", "month", "2026-02"] == "5.00"
    record = found.record("commission", "rep=ann")
    assert record is not None
    assert (record["unit"], record["previous"], record["change"]) == ("money:EUR", "5.00", "56.73")
    assert record["parts"] == {
        "sum": 6_173,
        "trace": [
            {
                "rule": "own",
                "kpi": "revenue_won",
                "scope": {"rep": "ann"},
                "base": "1234.5",
                "tiers": [{"from": "0", "rate": "0.05", "amount": "1234.5", "part": "61.725"}],
                "attainment": None,
                "times": "1",
                "earned": "61.725",
                "cap": None,
                "capped": False,
                "paid": "61.73",
                "share": "1",
                "sum": 6_173,
            }
        ],
    }


def test_target_of_pay_is_expected_whole_for_pay_does_not_grow_with_time(paid: Paid) -> None:
    goal = target("500", {"rep": "ann"}) | {"kpi": "commission"}
    record = paid(PERCENT, sold("03-10 09:00", "2000"), goal).record("commission", "rep=ann")
    assert record is not None
    assert (record["value"], record["expected"], record["met"]) == ("100.00", "500.00", False)
    assert (record["pace"], record["projected"]) == (0.2, "100.00")


def test_pay_is_of_reps_and_of_the_windows_of_the_rules_alone(paid: Paid) -> None:
    found = paid(PERCENT, member("ann", team="south"), sold("03-10 09:00", "100"))
    unchanged = {
        (r["window"], *r["scope"].items()) for r in found.records if r["kpi"] == "commission"
    }
    assert unchanged == {("month", ("rep", "ann"))}


def test_without_rules_there_is_no_commission(paid: Paid) -> None:
    assert paid("", sold("03-10 09:00", "100")).scopes("commission") == set()


def test_tiers_are_of_the_whole_quarter(paid: Paid) -> None:
    # 1,000 x 2 % + 500 x 10 %
    found = paid(STAIRS, sold("01-10 09:00", "900"), sold("03-10 09:00", "600"))
    assert found["commission", "rep=ann", "quarter"] == "70.00"


def test_rules_add_up_where_their_windows_are_the_same(paid: Paid) -> None:
    calls = PERCENT.replace("own", "calls").replace("revenue_won", "call_count")
    found = paid(
        PERCENT + calls.replace("0.05", "1.25"), sold("03-10 09:00", "100"), call("03-10 09:00")
    )
    # 5 % of 100, and 1.25 for one call.
    assert found["commission", "rep=ann"] == "6.25"
    assert [it["sum"] for it in found.parts("commission", "rep=ann")["trace"]] == [500, 125]


def test_rule_of_another_window_does_not_pay_in_this_one(paid: Paid) -> None:
    found = paid(PERCENT + STAIRS, sold("03-10 09:00", "100"))
    assert found["commission", "rep=ann", "month"] == "5.00"
    assert found["commission", "rep=ann", "quarter"] == "2.00"


@pytest.mark.parametrize(("amount", "pay"), [("999", "49.95"), ("1000", "75.00")])
def test_who_reaches_the_target_is_paid_more_for_all_of_it(
    paid: Paid, amount: str, pay: str
) -> None:
    rules = PERCENT + 'accelerators = [{ from = 1, times = "1.5" }]\n'
    found = paid(rules, sold("03-10 09:00", amount), target("1000", {"rep": "ann"}))
    assert found["commission", "rep=ann"] == pay


def test_target_of_somebody_else_accelerates_nothing(paid: Paid) -> None:
    rules = PERCENT + 'accelerators = [{ from = 0, times = "3" }]\n'
    found = paid(rules, sold("03-10 09:00", "100"), target("10", {"rep": "bob"}))
    assert found["commission", "rep=ann"] == "5.00"


def test_cap_ends_what_is_paid(paid: Paid) -> None:
    found = paid(PERCENT + "cap = 40\n", sold("03-10 09:00", "1000"))
    assert found["commission", "rep=ann"] == "40.00"
    assert found.parts("commission", "rep=ann")["trace"][0]["earned"] == "50"


def test_rule_pays_those_it_names(paid: Paid) -> None:
    rules = PERCENT + 'reps = ["bob"]\n'
    found = paid(rules, sold("03-10 09:00", "100"), sold("03-11 09:00", "200", "bob"))
    assert found.scopes("commission") == {"rep=bob"}


SOUTH = (member("ann", team="south"), member("bob", team="south"))


def test_team_value_is_shared_also_with_those_who_sold_nothing(paid: Paid) -> None:
    found = paid(TEAM, *SOUTH, sold("03-10 09:00", "1000", "bob"), sold("03-11 09:00", "0.10"))
    # 100.01 in all: 60.006 and 40.004, the odd cent to Ann.
    assert found["commission", "rep=ann"] == "60.01"
    assert found["commission", "rep=cara"] == "40.00"
    assert found.scopes("commission") == {"rep=ann", "rep=cara"}


def test_rep_who_changes_team_brings_the_value_along(paid: Paid) -> None:
    left = member("bob", "03-15 00:00", team="north")
    sales = (sold("03-10 09:00", "1000", "bob"), sold("03-11 09:00", "100"))
    assert paid(TEAM, *SOUTH, left, *sales)["commission", "rep=cara"] == "4.00"
    assert paid(TEAM, *SOUTH, left, sales[0]).scopes("commission") == set()


def test_own_and_team_pay_are_one_record(paid: Paid) -> None:
    found = paid(PERCENT + TEAM, *SOUTH, sold("03-10 09:00", "100"))
    assert found["commission", "rep=ann"] == "11.00"  # 5 % of 100, and 60 % of 10


def test_accelerated_team_is_measured_by_its_own_target(paid: Paid) -> None:
    rules = TEAM + 'accelerators = [{ from = "0.5", times = 2 }]\n'
    found = paid(rules, *SOUTH, sold("03-10 09:00", "100"), target("200", {"team": "south"}))
    assert found["commission", "rep=cara"] == "8.00"


def test_reopened_deal_undoes_its_commission(paid: Paid) -> None:
    sale = sold("02-10 09:00", "100")
    again = deal("03-12 09:00", sale["deal"], status="open")
    assert paid(PERCENT, sale)["commission", "rep=ann", "month", "2026-02"] == "5.00"
    assert paid(PERCENT, sale, again).scopes("commission") == set()


def test_deleted_deal_undoes_its_commission(paid: Paid) -> None:
    sales = sold("02-10 09:00", "100"), sold("02-11 09:00", "300")
    found = paid(PERCENT, *sales, deleted("03-12 09:00", sales[1]["deal"]))
    assert found["commission", "rep=ann", "month", "2026-02"] == "5.00"


def test_corrected_amount_corrects_the_pay_of_the_month_of_the_win(paid: Paid) -> None:
    sale = sold("02-10 09:00", "100")
    found = paid(PERCENT, sale, deal("03-12 09:00", sale["deal"], amount="80"))
    assert found["commission", "rep=ann", "month", "2026-02"] == "4.00"


def test_deal_handed_over_is_paid_to_who_has_it(paid: Paid) -> None:
    sale = sold("03-10 09:00", "100")
    found = paid(PERCENT, sale, deal("03-12 09:00", sale["deal"], rep="bob"))
    assert found.scopes("commission") == {"rep=bob"}


def test_pay_can_have_a_target_of_its_own(paid: Paid) -> None:
    aim = target("10", {"rep": "ann"}) | {"kpi": "commission", "id": "goal"}
    record = paid(PERCENT, sold("03-10 09:00", "100"), aim).record("commission", "rep=ann")
    assert record is not None
    assert (record["target"], record["attainment"]) == ("10.00", 0.5)


def test_yen_have_no_cents(paid: Paid) -> None:
    sale = won("03-10 09:00", amount="1230", currency="JPY", rep="ann")
    assert paid(PERCENT, sale, currency="JPY")["commission", "rep=ann"] == "62"  # 61.5
