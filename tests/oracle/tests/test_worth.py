"""What accounts are worth, and what marketing costs, by hand."""

import pytest

from tests.oracle.tests.stories import (
    account,
    event,
    issued,
    rate,
    reported,
    values,
)

NOW = "2026-03-20T12:00:00Z"
MARCH = "month|2026-03-01T00:00:00+00:00"


def test_lifetime_value_is_issued_less_credited_over_the_accounts_invoiced() -> None:
    first = issued("2026-03-02T09:00:00Z", "100", {"rep": "ann", "product": "pro"})
    events = [
        first,
        issued("2026-03-03T09:00:00Z", "50", {"rep": "bob"}),
        issued("2026-03-04T09:00:00Z", "20.01", {"rep": "ann"}) | {"subject": "other"},
        event("invoice.credited", "acme", "2026-03-05T09:00:00Z", {"invoice": first["invoice"]})
        | {"amount": "30", "currency": "EUR"},
        event("invoice.paid", "acme", "2026-03-06T09:00:00Z", {"invoice": first["invoice"]})
        | {"amount": "70", "currency": "EUR"},
    ]
    found = reported(events)
    overall = found[f"customer_lifetime_value|all|{MARCH}"]
    assert overall["parts"] == {"numerator": 14001, "denominator": 2}
    assert (overall["value"], overall["unit"]) == ("70.01", "money:EUR")
    of_ann = found[f"customer_lifetime_value|rep=ann|{MARCH}"]
    assert of_ann["parts"] == {"numerator": 9001, "denominator": 2}
    of_bob = found[f"customer_lifetime_value|rep=bob|{MARCH}"]
    assert of_bob["parts"] == {"numerator": 5000, "denominator": 1}
    of_pro = found[f"customer_lifetime_value|product=pro|{MARCH}"]
    assert of_pro["parts"] == {"numerator": 7000, "denominator": 1}


def test_lifetime_value_is_a_level_and_knows_what_it_was() -> None:
    events = [issued("2026-02-02T09:00:00Z", "100"), issued("2026-03-03T09:00:00Z", "50")]
    record = reported(events)[f"customer_lifetime_value|all|{MARCH}"]
    assert (record["value"], record["previous"], record["change"]) == ("150.00", "100.00", "50.00")


def test_voided_invoices_are_worth_nothing() -> None:
    first = issued("2026-03-02T09:00:00Z", "100")
    voided = event("invoice.voided", "acme", "2026-03-09T09:00:00Z", {"invoice": first["invoice"]})
    potential = account("2026-01-01T00:00:00Z", {"potential": "1000", "currency": "EUR"})
    found = reported([first, voided, potential])
    assert not values(found, "customer_lifetime_value")
    assert not values(found, "wallet_share")


def test_wallet_share_is_what_was_invoiced_in_365_days_over_the_potential() -> None:
    events = [
        account("2026-01-05T00:00:00Z", {"potential": "1000", "currency": "USD"}),
        rate("USD", "2026-01-04", "0.5"),
        rate("USD", "2026-01-06", "0.9"),
        issued("2025-03-10T09:00:00Z", "100"),
        issued("2026-03-02T09:00:00Z", "50"),
    ]
    found = reported(events)
    march = found[f"wallet_share|account=acme|{MARCH}"]
    assert march["parts"] == {"numerator": 5000, "denominator": 50000}
    assert (march["value"], march["unit"]) == (0.1, "ratio")
    day = "wallet_share|all|day|2026-03-"
    assert values(found, day) == {
        "02T00:00:00+00:00": 0.3,
        "10T00:00:00+00:00": 0.1,
        "20T00:00:00+00:00": 0.1,
    }


def test_account_without_potential_has_no_wallet() -> None:
    invoice = issued("2026-03-02T09:00:00Z", "50")
    for fields in ({}, {"potential": "0", "currency": "EUR"}):
        found = reported([invoice, account(NOW, fields)])
        assert not values(found, "wallet_share")
        assert not values(found, "unpriced_facts")


@pytest.mark.parametrize("fields", [{}, {"currency": "XOF"}])
def test_potential_without_a_price_is_unpriced(fields: dict[str, str]) -> None:
    invoice = issued("2026-03-02T09:00:00Z", "50")
    found = reported([invoice, account(NOW, {"potential": "9"} | fields)])
    assert not values(found, "wallet_share")
    assert found[f"unpriced_facts|all|{MARCH}"]["parts"]["counts"] == {"wallet_share": 1}


def test_spend_counts_where_it_was_spent_at_the_rate_of_its_day() -> None:
    at = "2026-03-02T09:00:00Z"
    spent = {"id": "s1", "type": "spend.recorded", "at": at, "amount": "10", "currency": "USD"}
    events = [
        {**spent, "amount": "999"},
        {**spent, "at": "2026-03-03T09:00:00Z", "campaign": "spring", "channel": ""},
        {**spent, "id": "s2", "media": "paid"},
        {**spent, "id": "s3", "currency": "XOF"},
        rate("USD", "2026-03-01", "0.5"),
        rate("USD", "2026-03-03", "0.7"),
    ]
    found = reported(events)
    month = {
        key.split("|")[1]: record["value"]
        for key, record in found.items()
        if record["kpi"] == "marketing_spend" and record["window"] == "month"
    }
    assert month == {"all": "12.00", "campaign=spring": "7.00", "media=paid": "5.00"}
    assert found[f"unpriced_facts|all|{MARCH}"]["parts"] == {"counts": {"marketing_spend": 1}}


def test_account_is_patched_field_by_field() -> None:
    known = [
        account("2026-01-01T00:00:00Z", {"potential": "1000", "currency": "EUR", "rep": "ann"}),
        account("2026-01-02T00:00:00Z", {"segment": "retail"}),
    ]
    cleared = account("2026-01-03T00:00:00Z", {"potential": None})
    invoice = issued("2026-03-02T09:00:00Z", "50")
    found = reported([invoice, *known])
    assert found[f"wallet_share|account=acme|{MARCH}"]["value"] == 0.05
    assert found[f"customer_lifetime_value|rep=ann|{MARCH}"]["value"] == "50.00"
    assert not values(reported([invoice, *known, cleared]), "wallet_share")
