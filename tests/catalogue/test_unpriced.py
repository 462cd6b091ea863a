"""Money in other currencies, and money that no rate converts: by hand."""

import pytest

from tests.kpis.story import (
    Told,
    deal,
    invoice,
    lost,
    paid,
    rate,
    told,
    won,
)


def test_money_is_converted_at_the_latest_rate_on_or_before_its_day() -> None:
    found = told(
        won("03-10 09:00", amount="10", currency="USD"),
        rate("USD", "03-01", "0.5"),
        rate("USD", "03-10", "0.7"),
        rate("USD", "03-11", "0.9"),
    )
    assert found["revenue_won"] == "7.00"


@pytest.mark.parametrize(("zone", "worth"), [("UTC", "5.00"), ("Asia/Tehran", "7.00")])
def test_the_day_of_a_rate_is_the_reporting_zones(zone: str, worth: str) -> None:
    # 21:00 UTC on the 9th is half past midnight on the 10th in Tehran.
    found = told(
        won("03-09 21:00", amount="10", currency="USD"),
        rate("USD", "03-01", "0.5"),
        rate("USD", "03-10", "0.7"),
        timezone="Asia/Tehran" if zone != "UTC" else "UTC",
    )
    assert found["revenue_won"] == worth


def test_late_rate_reprices_what_is_long_won() -> None:
    events = [won("02-10 09:00", amount="10", currency="USD"), rate("USD", "02-01", "0.5")]
    assert told(*events)["revenue_won", "all", "month", "2026-02"] == "5.00"
    late = rate("USD", "02-05", "0.6", at="03-19 09:00")
    assert told(*events, late)["revenue_won", "all", "month", "2026-02"] == "6.00"


def test_corrected_rate_stands_whatever_order_it_comes_in() -> None:
    dealt = won("02-10 09:00", amount="10", currency="USD")
    first = rate("USD", "02-01", "0.5")
    second = rate("USD", "02-01", "0.6", at="01-02 00:00")
    for events in ([dealt, first, second], [second, first, dealt]):
        assert told(*events)["revenue_won", "all", "month", "2026-02"] == "6.00"


def test_expired_pipeline_is_priced_on_the_day_of_its_creation() -> None:
    found = told(
        deal("03-02 09:00", amount="10", currency="USD", expected_close="2026-03-09"),
        rate("USD", "03-01", "0.5"),
        rate("USD", "03-10", "0.7"),
    )
    assert found["expired_pipeline"] == "5.00"
    assert found["pipeline_amount"] == "5.00"


def unknown_currency() -> Told:
    """A deal of 200 euros is won, and one in a currency nobody has given a rate for."""
    return told(
        won("03-10 09:00", amount="200"),
        won("03-10 09:00", "deal-2", "7", currency="XOF"),
        lost("03-10 09:00", "deal-3", "200"),
    )


def test_deal_in_an_unknown_currency_is_counted_but_not_priced() -> None:
    found = unknown_currency()
    assert found["deal_count"] == 2
    assert found["close_rate"] == 2 / 3
    assert found["revenue_won"] == "200.00"
    assert found["deal_size"] == "200.00"


def test_deal_in_an_unknown_currency_leaves_both_halves_of_a_money_ratio() -> None:
    assert unknown_currency()["close_rate_value"] == 200 / (200 + 200)


def test_unpriced_facts_name_the_kpis_that_lack_them() -> None:
    found = unknown_currency()
    names = (
        *("revenue_won", "deal_size", "deal_size_mix", "close_rate_value"),
        *("pipeline_created", "funnel_realisation_value"),
    )
    assert found.parts("unpriced_facts") == dict.fromkeys(names, 1)
    assert found["unpriced_facts"] == len(names)
    assert found.scopes("unpriced_facts") == {"all"}


def test_late_rate_removes_the_unpriced_facts() -> None:
    events = [won("03-10 09:00", amount="655.957", currency="XOF")]
    assert "unpriced_facts" in told(*events)
    found = told(*events, rate("XOF", "01-01", "0.002"))
    assert "unpriced_facts" not in found
    assert found["revenue_won"] == "1.31"  # 655.957 x 0.002 = 1.311914


def test_rate_of_a_later_day_prices_nothing_before_it() -> None:
    found = told(won("03-10 09:00", amount="7", currency="XOF"), rate("XOF", "03-11", "0.002"))
    assert "revenue_won" not in found
    assert found.parts("unpriced_facts")["revenue_won"] == 1


def test_unpriced_fact_waits_as_the_fact_itself_would() -> None:
    opened = deal("03-10 09:00", amount="7", currency="XOF", expected_close="2026-03-20")
    assert "expired_pipeline" not in told(opened).parts("unpriced_facts")
    assert told(opened, now="03-21 00:00").parts("unpriced_facts")["expired_pipeline"] == 1


def test_invoice_in_an_unknown_currency_is_unpriced_in_each_kpi_of_money_in() -> None:
    found = told(
        invoice("03-02 09:00", "700", due="03-10", currency="XOF"),
        paid("03-15 09:00", "700", currency="XOF"),
    )
    names = ("customer_lifetime_value", "receivables", "overdue", "collected")
    assert found.parts("unpriced_facts") == dict.fromkeys(names, 1)
    # How long it took needs no rate, for it was billed and paid in one currency.
    assert "days_to_pay" in found


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("JPY", "300.5", "301"), ("KWD", "300.0005", "300.001"), ("EUR", "-0.005", "0.00")],
)
def test_money_is_shown_in_the_reporting_currencys_own_digits(
    currency: str, amount: str, shown: str
) -> None:
    found = told(won("03-10 09:00", amount=amount, currency=currency), currency=currency)
    assert found["revenue_won"] == shown
    record = found.record("revenue_won")
    assert record is not None
    assert record["unit"] == f"money:{currency}"
