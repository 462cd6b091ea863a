"""Deals, by hand."""

import pytest

from tests.oracle.tests.stories import (
    call,
    deal,
    event,
    lead,
    rate,
    reported,
    values,
)

WON = {"status": "won"}
MARCH = "|all|month|2026-03-01T00:00:00+00:00"


def euros(amount: str) -> dict[str, str]:
    """Say an amount."""
    return {"amount": amount, "currency": "EUR"}


def test_deals_of_200_and_400_give_a_deal_size_of_300() -> None:
    events = [
        deal("2026-03-10T09:00:00Z", WON | euros("200")),
        deal("2026-03-15T09:00:00Z", {"deal": "d2"} | WON | euros("400.00")),
    ]
    size = reported(events)["deal_size|all|last_15d|2026-03-06T00:00:00+00:00"]
    assert size["value"] == "300.00"
    assert size["parts"] == {"sum": 60000, "count": 2}
    assert size["unit"] == "money:EUR"


def test_reopened_deal_gives_its_win_back() -> None:
    won = [deal("2026-03-02T09:00:00Z", WON | euros("200"))]
    reopened = [*won, deal("2026-03-05T09:00:00Z", {"status": "open"})]
    assert reported(won)[f"deal_count{MARCH}"]["value"] == 1
    assert f"deal_count{MARCH}" not in reported(reopened)
    assert reported(reopened)[f"pipeline_amount{MARCH}"]["value"] == "200.00"


def test_deal_is_won_when_its_last_run_of_wins_began() -> None:
    events = [
        deal("2026-02-01T09:00:00Z", WON),
        deal("2026-02-02T09:00:00Z", {"status": "lost"}),
        deal("2026-03-03T09:00:00Z", WON),
        deal("2026-03-05T09:00:00Z", {"stage": "contract"}),
        deal("2026-03-06T09:00:00Z", WON),
    ]
    assert values(reported(events), "deal_count|all|day|") == {"2026-03-03T00:00:00+00:00": 1}


@pytest.mark.parametrize(
    ("deleted", "revived", "counted"),
    [
        ("2026-03-03T09:00:00Z", None, False),
        ("2026-03-02T09:00:00Z", None, False),
        ("2026-03-01T09:00:00Z", None, True),
        ("2026-03-03T09:00:00Z", "2026-03-04T09:00:00Z", True),
        ("2026-03-03T09:00:00Z", "2026-03-03T09:00:00Z", False),
    ],
)
def test_deleted_deal_counts_again_only_after_a_later_change(
    deleted: str, revived: str | None, counted: bool
) -> None:
    events = [
        deal("2026-03-02T09:00:00Z", WON),
        event("deal.deleted", "lead-1", deleted, {"deal": "d1"}),
    ]
    if revived:
        events.append(deal(revived, {"stage": "needs"}))
    assert (f"deal_count{MARCH}" in reported(events)) is counted


def test_deal_has_its_leads_values_where_it_has_none() -> None:
    events = [
        lead("2026-03-01T09:00:00Z", {"rep": "ann", "channel": "web", "media": "paid"}),
        deal("2026-03-02T09:00:00Z", WON | {"channel": "fair"}),
    ]
    won = values(reported(events), "deal_count|")
    scopes = {key.split("|")[0] for key in won}
    assert scopes == {"all", "rep=ann", "channel=fair", "media=paid"}


@pytest.mark.parametrize("fields", [{}, {"currency": "EUR"}, {"amount": ""}])
def test_deal_without_an_amount_counts_and_is_not_unpriced(fields: dict[str, str]) -> None:
    found = reported([deal("2026-03-02T09:00:00Z", WON | fields)])
    assert found[f"close_rate{MARCH}"]["value"] == 1.0
    assert not values(found, "revenue_won")
    assert not values(found, "unpriced_facts")


def test_amount_without_a_currency_is_unpriced() -> None:
    found = reported([deal("2026-03-02T09:00:00Z", WON | {"amount": "5"})])
    assert not values(found, "revenue_won")
    assert found[f"unpriced_facts{MARCH}"]["parts"]["counts"]["revenue_won"] == 1


@pytest.mark.parametrize("cleared", [None, ""])
def test_cleared_field_is_no_longer_known(cleared: str | None) -> None:
    events = [
        lead("2026-03-01T09:00:00Z", {"rep": "bob"}),
        deal("2026-03-02T09:00:00Z", WON | euros("5") | {"rep": "ann", "partner": "alfa"}),
        deal("2026-03-03T09:00:00Z", {"amount": cleared, "rep": cleared, "partner": cleared}),
    ]
    found = reported(events)
    assert not values(found, "revenue_won")
    scopes = {key.split("|")[0] for key in values(found, "deal_count|")}
    assert scopes == {"all", "rep=bob"}


def test_loss_has_the_last_reason_given_since_it_was_lost() -> None:
    lost = {"status": "lost"}
    events = [
        deal("2026-03-01T09:00:00Z", lost | {"reason": "price"}),
        deal("2026-03-02T09:00:00Z", {"status": "open", "reason": "waiting"}),
        deal("2026-03-03T09:00:00Z", lost),
    ]
    assert reported(events)[f"lost_reasons{MARCH}"]["parts"]["counts"] == {"unknown": 1}
    events.append(deal("2026-03-04T09:00:00Z", {"reason": "timing"}))
    assert reported(events)[f"lost_reasons{MARCH}"]["parts"]["counts"] == {"timing": 1}


def test_pipeline_is_a_dimension_of_wins() -> None:
    found = reported([deal("2026-03-02T09:00:00Z", WON | euros("5") | {"pipeline": "renewals"})])
    kpis = ("deal_count", "revenue_won", "deal_size", "close_rate", "close_rate_value")
    for kpi in (*kpis, "deal_conversion"):
        assert values(found, f"{kpi}|pipeline=renewals|month"), kpi


def test_deal_without_a_rate_is_unpriced_in_every_money_kpi() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", WON | {"amount": "5", "currency": "USD"}),
        rate("USD", "2026-03-03", "0.5"),
    ]
    found = reported(events)
    assert found[f"unpriced_facts{MARCH}"]["parts"]["counts"] == {
        "pipeline_created": 1,
        "funnel_realisation_value": 1,
        "revenue_won": 1,
        "deal_size": 1,
        "deal_size_mix": 1,
        "close_rate_value": 1,
    }


def test_money_is_converted_at_the_rate_of_the_win() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", {"amount": "10", "currency": "USD"}),
        deal("2026-03-09T09:00:00Z", WON),
        rate("USD", "2026-03-01", "0.5"),
        rate("USD", "2026-03-09", "0.7"),
    ]
    found = reported(events)
    assert found[f"revenue_won{MARCH}"]["value"] == "7.00"
    assert found[f"pipeline_created{MARCH}"]["value"] == "5.00"


def test_deal_sizes_have_their_limits_at_1000_and_10000() -> None:
    amounts = ("999.99", "1000", "9999.99", "10000")
    events = [
        deal("2026-03-02T09:00:00Z", {"deal": amount} | WON | euros(amount)) for amount in amounts
    ]
    mix = reported(events)[f"deal_size_mix{MARCH}"]
    assert mix["parts"] == {"counts": {"small": 1, "medium": 2, "large": 1}}
    assert mix["value"] == 4


def test_wins_count_the_contacts_before_them() -> None:
    events = [call(f"2026-03-01T09:{minute:02}:00Z") for minute in range(12)]
    events += [
        deal("2026-03-01T09:11:00Z", WON),
        deal("2026-03-01T09:11:01Z", {"deal": "d2"} | WON),
    ]
    wins = reported(events)[f"wins_by_contact{MARCH}"]
    assert wins["parts"]["counts"] == {"11": 1, "12+": 1}


def test_close_rates_are_over_all_deals_closed() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", WON | euros("300")),
        deal("2026-03-02T09:00:00Z", {"deal": "d2", "status": "lost"} | euros("100")),
        deal("2026-03-02T09:00:00Z", {"deal": "d3", "status": "open"} | euros("900")),
    ]
    found = reported(events)
    assert found[f"close_rate{MARCH}"]["value"] == 0.5
    assert found[f"close_rate_value{MARCH}"]["value"] == 0.75
    assert found[f"deal_conversion{MARCH}"]["parts"] == {"hits": 1, "total": 3}
    assert found[f"funnel_realisation{MARCH}"]["parts"] == {"hits": 1, "total": 3}
    assert found[f"funnel_realisation_value{MARCH}"]["parts"] == {
        "numerator": 30000,
        "denominator": 130000,
    }
    assert found[f"lost_reasons{MARCH}"]["parts"]["counts"] == {"unknown": 1}


def test_ratio_over_nothing_is_null() -> None:
    events = [deal("2026-03-02T09:00:00Z", WON)]
    quality = reported(events)[f"contact_quality{MARCH}"]
    assert quality["parts"] == {"numerator": 1, "denominator": 0}
    assert quality["value"] is None
    assert quality["change"] is None


def test_cycle_time_runs_from_the_lead_or_else_from_the_deal() -> None:
    opened, won = deal("2026-03-02T09:00:00Z", {}), deal("2026-03-03T09:00:00Z", WON)
    created = lead("2026-03-01T09:00:00Z")
    assert reported([opened, won])[f"cycle_time{MARCH}"]["value"] == 86_400_000
    assert reported([opened, won, created])[f"cycle_time{MARCH}"]["value"] == 2 * 86_400_000


def test_cycle_never_begins_after_the_deal() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", {}),
        lead("2026-03-03T09:00:00Z"),
        deal("2026-03-05T09:00:00Z", WON),
        deal("2026-03-01T09:00:00Z", {"deal": "d2"} | WON),
    ]
    cycle = reported(events)[f"cycle_time{MARCH}"]
    assert cycle["parts"] == {"sum": 3 * 86_400_000, "count": 2}
