"""Open deals that nobody looks after."""

import pytest

from tests.alerts.current import current_alerts, kinds
from tests.kpis.story import (
    call,
    deal,
    deleted,
    rate,
)

STALE = "opportunity_stale"
EXPIRED = "opportunity_expired"


@pytest.mark.parametrize(
    ("now", "holds"), [("2026-04-09T08:59:59.999Z", False), ("04-09 09:00", True)]
)
def test_deal_is_stale_thirty_days_after_the_latest_of_its_subject(now: str, holds: bool) -> None:
    events = [deal("03-01 09:00", rep="ann"), call("03-10 09:00")]
    assert (STALE in kinds(*events, now=now)) is holds


def test_stale_deal_names_its_lead_rep_and_amount() -> None:
    alert = current_alerts(deal("03-01 09:00", rep="ann", amount="1200.5"), now="04-01 09:00")[
        "opportunity_stale|lead-1/deal-1"
    ]
    assert (alert["rep"], alert["amount"], alert["currency"]) == ("ann", "1200.50", "EUR")
    assert alert["since"] == "2026-03-31T09:00:00+00:00"
    assert alert["text"] == (
        "Nothing has been heard for 30 days about open deal lead-1/deal-1 over 1200.50 EUR."
    )


def test_days_until_a_deal_is_stale_are_the_settings() -> None:
    assert STALE in kinds(deal("03-10 09:00"), now="03-15 09:00", stale_days=5)


@pytest.mark.parametrize("status", ["won", "lost"])
def test_closed_deal_is_not_stale(status: str) -> None:
    assert kinds(deal("03-01 09:00", status=status), now="04-15 09:00") == set()


def test_deleted_deal_is_not_stale() -> None:
    events = [deal("03-01 09:00"), deleted("03-01 10:00")]
    assert kinds(*events, now="04-15 09:00") == set()


def test_stale_deal_of_long_ago_is_an_alert_no_more() -> None:
    assert STALE in kinds(deal("03-01 09:00"), now="04-30 08:59")
    assert STALE not in kinds(deal("03-01 09:00"), now="04-30 09:00")


def test_deal_that_is_its_own_subject_is_named_once() -> None:
    found = current_alerts(deal("03-01 09:00", "deal-1", subject="deal-1"), now="04-01 09:00")
    assert found.keys() == {"opportunity_stale|deal-1"}


def test_slashes_in_names_do_not_make_one_subject_of_two() -> None:
    events = [
        deal("03-01 09:00", "c", subject="a/b"),
        deal("03-01 09:00", "b/c", subject="a"),
    ]
    assert current_alerts(*events, now="04-01 09:00").keys() == {
        "opportunity_stale|a%2Fb/c",
        "opportunity_stale|a/b%2Fc",
    }


@pytest.mark.parametrize(
    ("now", "holds"), [("2026-03-15T20:29:59.999Z", False), ("2026-03-15T20:30:00Z", True)]
)
def test_deal_expires_at_the_end_of_the_expected_day_in_the_reporting_zone(
    now: str, holds: bool
) -> None:
    events = [deal("03-10 09:00", expected_close="2026-03-15")]
    assert (EXPIRED in kinds(*events, now=now, timezone="Asia/Tehran")) is holds


def test_deal_created_after_the_day_it_names_is_expired_at_once() -> None:
    found = current_alerts(deal("03-10 09:00", expected_close="2026-03-01"), now="03-10 09:00")
    assert found["opportunity_expired|lead-1/deal-1"]["since"] == "2026-03-10T09:00:00+00:00"


def test_deal_expected_later_is_expired_no_more() -> None:
    events = [deal("03-01 09:00", expected_close="2026-03-05")]
    later = deal("03-08 09:00", expected_close="2026-03-30")
    assert EXPIRED in kinds(*events)
    assert EXPIRED not in kinds(*events, later)


def test_deal_is_expired_until_it_is_closed() -> None:
    events = [
        deal("03-01 09:00", expected_close="2026-03-05"),
        deal("03-08 09:00", status="won"),
    ]
    assert EXPIRED in kinds(*events, now="03-08 08:59")
    assert EXPIRED not in kinds(*events, now="03-08 09:00")


def test_deal_has_been_expired_since_its_day_whatever_was_changed_later() -> None:
    events = [
        deal("03-01 09:00", expected_close="2026-03-05", amount="100"),
        deal("03-08 09:00", stage="offer", amount="200"),
    ]
    alert = current_alerts(*events)["opportunity_expired|lead-1/deal-1"]
    assert alert["since"] == "2026-03-06T00:00:00+00:00"
    assert alert["amount"] == "200.00"
    late = deal("03-10 09:00", expected_close="2026-03-06")
    alert = current_alerts(*events, late)["opportunity_expired|lead-1/deal-1"]
    assert alert["since"] == "2026-03-06T00:00:00+00:00"


def test_reopened_deal_has_been_expired_since_it_was_opened_again() -> None:
    events = [
        deal("03-01 09:00", expected_close="2026-03-05"),
        deal("03-08 09:00", status="lost"),
        deal("03-10 09:00", status="open"),
    ]
    assert EXPIRED not in kinds(*events, now="03-09 09:00")
    alert = current_alerts(*events)["opportunity_expired|lead-1/deal-1"]
    assert alert["since"] == "2026-03-10T09:00:00+00:00"


def test_amount_of_an_expired_deal_is_at_the_rate_of_its_creation() -> None:
    events = [
        deal("03-01 09:00", amount="100", currency="USD", expected_close="2026-03-05"),
        rate("USD", "03-01", "0.5"),
        rate("USD", "03-06", "0.9"),
    ]
    assert current_alerts(*events)["opportunity_expired|lead-1/deal-1"]["amount"] == "50.00"


def test_deal_without_a_rate_is_an_alert_without_an_amount() -> None:
    events = [deal("03-01 09:00", amount="100", currency="USD", expected_close="2026-03-05")]
    alert = current_alerts(*events)["opportunity_expired|lead-1/deal-1"]
    assert (alert["amount"], alert["currency"]) == (None, None)
