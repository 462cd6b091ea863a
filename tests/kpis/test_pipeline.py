"""What may still be sold, and what of it is going stale: by hand."""

import pytest

from tests.kpis.story import (
    Said,
    call,
    deal,
    deleted,
    invoice,
    lead,
    lost,
    told,
)


def test_pipeline_holds_what_is_open() -> None:
    found = told(
        deal("03-10 09:00", amount="500", stage="offer"),
        deal("03-10 09:00", "deal-2", amount="300", stage="contact"),
        lost("03-10 09:00", "deal-3"),
        deal("03-10 09:00", "deal-4", stage="offer"),
    )
    assert found["pipeline_amount"] == "800.00"
    assert found["pipeline_count"] == 3
    assert found["pipeline_amount", "stage=offer"] == "500.00"
    assert found["pipeline_count", "stage=offer"] == 2


def test_pipeline_of_a_past_month_is_what_was_open_at_its_end() -> None:
    found = told(
        deal("01-10 09:00", amount="500"),
        deal("02-10 09:00", "deal-2", amount="300"),
        deal("02-28 23:59:59", "deal-3", amount="40"),
        deal("03-01 00:00", status="won"),
    )
    months = {m: found["pipeline_amount", "all", "month", f"2026-0{m}"] for m in (1, 2, 3)}
    # January: 500. February: 500 + 300 + 40. March: 500 has been won.
    assert months == {1: "500.00", 2: "840.00", 3: "340.00"}
    march = found.record("pipeline_amount")
    assert march is not None
    assert (march["previous"], march["change"]) == ("840.00", "-500.00")


def test_pipeline_is_published_for_today_without_a_change_today() -> None:
    found = told(deal("01-10 09:00", amount="500"))
    assert found["pipeline_amount", "all", "day", "2026-03-20"] == "500.00"
    assert ("pipeline_amount", "all", "day", "2026-03-19") not in found


def test_pipeline_emptied_is_zero_and_not_missing() -> None:
    found = told(deal("01-10 09:00", amount="500"), deal("01-11 09:00", status="lost"))
    assert found["pipeline_amount"] == "0.00"
    assert found["pipeline_count"] == 0


def test_pipeline_belongs_to_the_rep_who_has_the_deal_now() -> None:
    found = told(deal("01-10 09:00", amount="500", rep="ann"), deal("03-10 09:00", rep="bob"))
    assert found.scopes("pipeline_amount") == {"all", "rep=bob"}
    assert found["pipeline_amount", "rep=bob", "month", "2026-01"] == "500.00"


def test_weighted_pipeline_is_amount_times_probability_each_to_a_cent() -> None:
    found = told(
        deal("03-10 09:00", amount="500", probability=0.3),
        deal("03-10 09:00", "deal-2", amount="0.05", probability=0.3),
        deal("03-10 09:00", "deal-3", amount="900"),
    )
    # 150.00, then 1.5 cents rounded up, and nothing for the deal without a probability.
    assert found["pipeline_weighted"] == "150.02"


def test_stage_has_the_probability_that_a_deal_lacks() -> None:
    table = {"offer": "0.4"}
    found = told(
        deal("03-10 09:00", amount="500", stage="offer"),
        deal("03-10 09:00", "deal-2", amount="100", stage="offer", probability=0.9),
        deal("03-10 09:00", "deal-3", amount="700", stage="contact"),
        stage_probability=table,
    )
    # 500 x 0.4 + 100 x 0.9; contact is not in the table.
    assert found["pipeline_weighted", "stage=offer"] == "290.00"
    assert found["pipeline_weighted"] == "290.00"


EXPECTED: Said = deal("03-02 09:00", amount="500", expected_close="2026-03-10", partner="alfa")


@pytest.mark.parametrize(
    ("zone", "last_open", "first_expired"),
    [
        ("UTC", "2026-03-10T23:59:59.999+00:00", "2026-03-11T00:00:00+00:00"),
        ("Asia/Tehran", "2026-03-10T23:59:59.999+03:30", "2026-03-11T00:00:00+03:30"),
        ("America/New_York", "2026-03-10T23:59:59.999-04:00", "2026-03-11T00:00:00-04:00"),
    ],
)
def test_pipeline_expires_at_the_midnight_after_its_expected_close(
    zone: str, last_open: str, first_expired: str
) -> None:
    assert "expired_pipeline" not in told(EXPECTED, now=last_open, timezone=zone)
    found = told(EXPECTED, now=first_expired, timezone=zone)
    assert found["expired_pipeline"] == "500.00"
    assert found["expired_pipeline", "partner=alfa"] == "500.00"


@pytest.mark.parametrize(
    ("day", "just_before", "ended"),
    [
        # The day began at 22:00 UTC the day before and has 23 hours.
        ("2026-03-29", "2026-03-29T20:59:59.999Z", "2026-03-29T21:00:00Z"),
        # It began at 21:00 UTC the day before and has 25 hours.
        ("2026-10-25", "2026-10-25T21:59:59.999Z", "2026-10-25T22:00:00Z"),
    ],
)
def test_pipeline_expires_after_a_day_as_long_as_the_clock_makes_it(
    day: str, just_before: str, ended: str
) -> None:
    opened = deal("03-02 09:00", amount="500", expected_close=day)
    assert "expired_pipeline" not in told(opened, now=just_before, timezone="Europe/Sofia")
    found = told(opened, now=ended, timezone="Europe/Sofia")
    assert found["expired_pipeline"] == "500.00"


@pytest.mark.parametrize("closed", ["03-05 09:00", "03-10 23:59", "03-11 00:00"])
def test_pipeline_closed_by_the_end_of_the_day_never_expires(closed: str) -> None:
    assert "expired_pipeline" not in told(EXPECTED, deal(closed, status="won"))


def test_pipeline_closed_late_had_expired_until_then() -> None:
    found = told(EXPECTED, deal("03-14 09:00", status="won"))
    assert found["expired_pipeline", "all", "day", "2026-03-11"] == "500.00"
    assert found["expired_pipeline", "all", "day", "2026-03-14"] == "0.00"


def test_pipeline_created_after_its_expected_close_has_expired_at_once() -> None:
    late = deal("03-15 09:00", amount="500", expected_close="2026-03-10")
    assert told(late)["expired_pipeline", "all", "day", "2026-03-15"] == "500.00"


def test_opportunity_is_stale_after_thirty_days_of_silence() -> None:
    opened = deal("03-01 09:00", rep="ann")
    assert "stale_opportunities" not in told(opened, now="2026-03-31T08:59:59.999Z")
    assert told(opened, now="03-31 09:00")["stale_opportunities", "rep=ann"] == 1


@pytest.mark.parametrize(
    "news", [call("03-15 09:00"), lead("03-15 09:00"), deal("03-15 09:00", "deal-2", status="lost")]
)
def test_any_event_of_the_subject_makes_an_opportunity_fresh(news: Said) -> None:
    assert "stale_opportunities" not in told(deal("03-01 09:00"), news, now="04-10 09:00")


def test_days_until_an_opportunity_is_stale_are_a_setting() -> None:
    assert told(deal("03-12 09:00"), stale_days=7)["stale_opportunities"] == 1


def test_invoice_of_an_account_with_the_leads_name_makes_nothing_fresh() -> None:
    billed = invoice("03-15 09:00", "100", due="03-31", subject="lead-1")
    assert told(deal("03-01 09:00"), billed, now="04-10 09:00")["stale_opportunities"] == 1


def test_closed_or_deleted_opportunity_is_not_stale() -> None:
    opened = deal("01-01 09:00")
    assert "stale_opportunities" not in told(opened, deal("01-02 09:00", status="lost"))
    assert "stale_opportunities" not in told(opened, deleted("01-02 09:00"))


def test_pipeline_created_is_the_mean_of_new_deals_open_or_not() -> None:
    found = told(
        deal("03-10 09:00", amount="500", channel="web"),
        lost("03-11 09:00", "deal-2", "100", channel="web"),
        deal("03-12 09:00", "deal-3", channel="web"),
    )
    assert found["pipeline_created", "channel=web"] == "300.00"
    assert found.parts("pipeline_created") == {"sum": 60_000, "count": 2}
