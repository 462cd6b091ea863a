"""What is sold, how large, how surely and how fast: by hand."""

import pytest

from tests.kpis.story import (
    DAY,
    HOUR,
    Said,
    deal,
    deleted,
    lead,
    lost,
    said,
    told,
    won,
)


def test_deals_of_200_and_400_in_the_last_15_days_give_a_deal_size_of_300() -> None:
    found = told(won("03-10 09:00", amount="200"), won("03-15 09:00", "deal-2", "400.00"))
    assert found["deal_size", "all", "last_15d"] == "300.00"
    # (20,000 + 40,000) cents over 2 deals.
    assert found.parts("deal_size", "all", "last_15d") == {"sum": 60_000, "count": 2}


@pytest.mark.parametrize(
    ("day", "is_in"), [("03-05 23:59:59", False), ("03-06 00:00", True), ("03-20 12:00", True)]
)
def test_the_last_15_days_are_today_and_the_14_before(day: str, is_in: bool) -> None:
    assert (("deal_size", "all", "last_15d") in told(won(day))) is is_in


def test_deal_size_is_rounded_half_up_to_a_cent() -> None:
    amounts = ("0.01", "0.02")
    found = told(*(won("03-10 09:00", f"deal-{it}", it) for it in amounts))
    assert found["deal_size"] == "0.02"  # 1.5 cents


def test_deal_size_leaves_out_a_deal_without_an_amount() -> None:
    found = told(won("03-10 09:00", amount="200"), deal("03-10 09:00", "deal-2", status="won"))
    assert found["deal_size"] == "200.00"
    assert found["deal_count"] == 2
    assert "unpriced_facts" not in found


def test_revenue_and_count_are_of_deals_won() -> None:
    found = told(
        won("03-10 09:00", amount="200.50"),
        won("03-11 09:00", "deal-2", "99.75"),
        lost("03-11 09:00", "deal-3", "1000"),
        deal("03-11 09:00", "deal-4", amount="1000"),
    )
    assert found["revenue_won"] == "300.25"
    assert found["deal_count"] == 2


def test_deal_counts_under_its_own_values_and_else_under_its_leads() -> None:
    found = told(
        lead("03-01 09:00", rep="ann", channel="web", media="paid", campaign="spring"),
        won("03-10 09:00", rep="bob", partner="alfa", product="basic", account="acme"),
    )
    assert found.scopes("deal_count") == {
        *("all", "rep=bob", "channel=web", "media=paid", "campaign=spring"),
        *("partner=alfa", "product=basic"),
    }


def test_reopened_deal_gives_its_win_back() -> None:
    reopened = deal("03-12 09:00", status="open")
    assert told(won("03-10 09:00"))["deal_count"] == 1
    found = told(won("03-10 09:00"), reopened)
    assert "deal_count" not in found
    assert "revenue_won" not in found
    assert found["pipeline_amount"] == "100.00"


def test_deal_won_again_is_won_at_the_later_time() -> None:
    found = told(
        won("02-10 09:00"), deal("02-12 09:00", status="open"), deal("03-10 09:00", status="won")
    )
    assert ("deal_count", "all", "month", "2026-02") not in found
    assert found["deal_count", "all", "month", "2026-03"] == 1


def test_deal_confirmed_as_won_stays_won_at_the_first_time() -> None:
    found = told(won("02-10 09:00"), won("03-10 09:00"))
    assert found["deal_count", "all", "month", "2026-02"] == 1
    assert ("deal_count", "all", "month", "2026-03") not in found


def test_deleted_deal_leaves_every_window() -> None:
    assert (
        told(lead("02-01 09:00"), won("02-10 09:00"), deleted("03-10 09:00")).scopes("deal_count")
        == set()
    )
    unchanged = {r["kpi"] for r in told(won("02-10 09:00"), deleted("03-10 09:00")).records}
    assert unchanged == set()


def test_change_after_the_deletion_brings_a_deal_back_with_its_past() -> None:
    revived = deal("03-11 09:00", stage="contract")
    found = told(won("02-10 09:00"), deleted("03-10 09:00"), revived)
    assert found["deal_count", "all", "month", "2026-02"] == 1


def test_corrected_amount_counts_in_the_month_of_the_win() -> None:
    found = told(won("02-10 09:00", amount="200"), deal("03-10 09:00", amount="150"))
    assert found["revenue_won", "all", "month", "2026-02"] == "150.00"


@pytest.mark.parametrize(
    ("amount", "label"),
    [("999.99", "small"), ("1000", "medium"), ("9999.99", "medium"), ("10000", "large")],
)
def test_deal_sizes_begin_at_1000_and_10000(amount: str, label: str) -> None:
    assert told(won("03-10 09:00", amount=amount)).parts("deal_size_mix") == {label: 1}


def test_bounds_of_deal_sizes_are_settings_in_major_units() -> None:
    found = told(
        won("03-10 09:00", amount="150", currency="JPY"),
        currency="JPY",
        small_deal=100,
        large_deal=200,
    )
    assert found.parts("deal_size_mix") == {"medium": 1}


def test_close_rates_are_of_deals_closed_and_of_their_money() -> None:
    found = told(
        won("03-10 09:00", amount="300"),
        lost("03-10 09:00", "deal-2", "100"),
        lost("03-10 09:00", "deal-3", "200"),
        deal("03-10 09:00", "deal-4", amount="5000"),
    )
    assert found["close_rate"] == 1 / 3
    assert found["close_rate_value"] == 300 / (300 + 100 + 200)


def test_close_rate_of_deals_worth_nothing_is_null() -> None:
    found = told(lost("03-10 09:00", amount="0"))
    assert found["close_rate"] == 0.0
    assert found["close_rate_value"] is None


def test_lead_conversion_is_of_the_leads_of_the_window_whenever_they_buy() -> None:
    found = told(
        *(lead("02-10 09:00", f"lead-{n}") for n in (1, 2, 3, 4)),
        won("03-10 09:00"),
        won("03-11 09:00", "deal-2"),
        lost("03-10 09:00", "deal-3", subject="lead-2"),
    )
    assert found["lead_conversion", "all", "month", "2026-02"] == 1 / 4
    assert "lead_conversion" not in found


def test_deal_conversion_is_of_the_deals_created_in_the_window() -> None:
    found = told(
        deal("02-10 09:00"),
        deal("03-10 09:00", status="won"),
        deal("02-11 09:00", "deal-2"),
    )
    assert found["deal_conversion", "all", "month", "2026-02"] == 1 / 2
    assert "deal_conversion" not in found


LEAD_CAME: tuple[Said, ...] = (lead("03-01 09:00"),)


@pytest.mark.parametrize(
    ("before", "days"), [(LEAD_CAME, 9), ((), 4)], ids=("from the lead", "from the deal")
)
def test_cycle_time_begins_with_the_lead_or_else_with_the_deal(
    before: tuple[Said, ...], days: int
) -> None:
    found = told(*before, deal("03-06 09:00"), deal("03-10 09:00", status="won"))
    assert found["cycle_time"] == days * DAY


def test_cycle_time_has_mean_and_nearest_ranks() -> None:
    wins = (("deal-1", "03-02 09:00"), ("deal-2", "03-03 09:00"), ("deal-3", "03-11 09:00"))
    record = told(lead("03-01 09:00"), *(won(at, name) for name, at in wins)).record("cycle_time")
    assert record is not None
    assert record["value"] == (1 + 2 + 10) * DAY // 3
    assert record["percentiles"]["p50"] == pytest.approx(2 * DAY, rel=0.01)
    assert record["percentiles"]["p90"] == pytest.approx(10 * DAY, rel=0.01)


@pytest.mark.parametrize(("lead_at", "hours"), [("03-10 11:00", 3), ("03-10 07:00", 5)])
def test_cycle_time_begins_with_the_lead_or_the_deal_whichever_is_earlier(
    lead_at: str, hours: int
) -> None:
    opened, win = deal("03-10 09:00"), deal("03-10 12:00", status="won")
    assert told(opened, win, lead(lead_at))["cycle_time"] == hours * HOUR


def test_deal_is_the_reps_to_whom_its_subject_was_assigned_though_no_lead_was_created() -> None:
    assigned = said("lead.assigned", "03-01 09:00", subject="lead-1", rep="ann")
    found = told(assigned, won("03-10 09:00"))
    assert found.scopes("deal_count") == {"all", "rep=ann"}
    assert not {"lead_count", "unanswered_leads", "lead_conversion"} & {
        record["kpi"] for record in found.records
    }


def test_lead_that_was_given_back_has_no_rep_and_its_deal_neither() -> None:
    events = [
        lead("03-01 09:00", rep="ann", channel="web"),
        won("03-10 09:00"),
        said("lead.assigned", "03-02 09:00", subject="lead-1", rep=None),
    ]
    found = told(*events)
    assert found.scopes("deal_count") == {"all", "channel=web"}
    again = said("lead.assigned", "03-03 09:00", subject="lead-1", rep="bob")
    assert told(*events, again).scopes("lead_count") == {"all", "rep=bob", "channel=web"}
