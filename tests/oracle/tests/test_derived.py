"""Derived KPIs, by hand."""

from typing import Any

from tests.oracle.tests.stories import (
    activity,
    deal,
    event,
    lead,
    reported,
    spend,
    target,
    values,
)

MONTH = "month|2026-03-01T00:00:00+00:00"
MARCH = f"|all|{MONTH}"
EUR = {"currency": "EUR"}


def won(name: str, at: str, amount: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    """Win a deal of lead-1 for euros."""
    fields = {"deal": name, "status": "won", "amount": amount} | EUR
    return deal(at, fields | (more or {}))


def test_sales_velocity_is_money_a_day() -> None:
    events = [
        deal("2026-03-01T00:00:00Z", {"amount": "500"} | EUR),
        deal("2026-03-01T00:00:00Z", {"deal": "d2"}),
        deal("2026-03-05T00:00:00Z", {"deal": "d2", "status": "won", "amount": "300"} | EUR),
        deal("2026-03-05T00:00:00Z", {"deal": "d3", "status": "lost"}),
    ]
    record = reported(events)[f"sales_velocity{MARCH}"]
    # One deal is open; half of the closed are won, for 300.00 each, within 4 days.
    assert (record["value"], record["unit"]) == ("37.50", "money:EUR/day")
    assert record["parts"] == {
        "pipeline_count": {"level": 1},
        "close_rate": {"hits": 1, "total": 2},
        "deal_size": {"sum": 30000, "count": 1},
        "cycle_time": {"sum": 4 * 86_400_000, "count": 1},
    }


def test_derived_record_exists_where_an_ingredient_does() -> None:
    record = reported([lead("2026-03-02T09:00:00Z")])[f"cost_per_lead{MARCH}"]
    assert record["parts"] == {"marketing_spend": {"sum": 0}, "lead_count": {"count": 1}}
    assert (record["value"], record["previous"]) == ("0.00", None)
    assert not values(reported([lead("2026-03-02T09:00:00Z")]), "cost_per_lead|all|hour")


def test_costs_are_spend_over_leads_and_over_deals_created() -> None:
    spring = {"campaign": "spring"}
    events = [
        spend("2026-03-02T09:00:00Z", "100", spring),
        spend("2026-03-03T09:00:00Z", "0.01"),
        lead("2026-03-02T09:00:00Z", spring),
        lead("2026-03-02T09:00:00Z", spring) | {"subject": "lead-2"},
        deal("2026-03-05T00:00:00Z", {}),
    ]
    found = reported(events)
    assert found[f"cost_per_lead{MARCH}"]["value"] == "50.01"
    assert found[f"cost_per_lead|campaign=spring|{MONTH}"]["value"] == "50.00"
    assert found[f"cost_per_opportunity|campaign=spring|{MONTH}"]["value"] == "100.00"


def test_campaign_return_is_what_was_won_beyond_the_spend() -> None:
    events = [spend("2026-03-02T09:00:00Z", "100"), won("d1", "2026-03-05T00:00:00Z", "250")]
    assert reported(events)[f"campaign_return{MARCH}"]["value"] == 1.5
    assert reported(events[1:])[f"campaign_return{MARCH}"]["value"] is None


def test_lead_generation_rate_is_leads_an_hour() -> None:
    events = [lead("2026-03-02T09:00:00Z", {"rep": "ann"})]
    events.append(activity("2026-03-02T09:00:00Z", "prospecting", {"hours": "2.5"}))
    found = reported(events)
    assert found[f"lead_generation_rate|rep=ann|{MONTH}"]["value"] == 0.4


def test_rrroi_is_the_growth_of_the_rate_for_each_hour_more() -> None:
    def month(at: str, hours: str, responses: int) -> dict[str, Any]:
        fields = {"hours": hours, "outreach": 10, "responses": responses, "channel": "web"}
        return activity(at, "prospecting", fields)

    grown = [month("2026-02-02T09:00:00Z", "2", 1), month("2026-03-02T09:00:00Z", "4", 6)]
    record = reported(grown)[f"rrroi|channel=web|{MONTH}"]
    assert record["value"] == 0.25
    assert record["parts"] == {
        "response_rate": {"hits": 6, "total": 10},
        "prospecting_hours": {"sum": 14_400_000},
        "before": {
            "response_rate": {"hits": 1, "total": 10},
            "prospecting_hours": {"sum": 7_200_000},
        },
    }
    shrunk = [month("2026-02-02T09:00:00Z", "4", 1), month("2026-03-02T09:00:00Z", "4", 6)]
    assert reported(shrunk)[f"rrroi{MARCH}"]["value"] is None


def test_partners_are_measured_against_the_best_and_ranked() -> None:
    events = [
        won("d1", "2026-03-02T09:00:00Z", "300", {"partner": "alfa"}),
        won("d2", "2026-03-02T09:00:00Z", "100", {"partner": "beta"}),
        won("d3", "2026-03-02T09:00:00Z", "50", {"partner": "beta"}),
    ]
    found = reported(events)
    alfa, beta = (found[f"partner_quality|partner={it}|{MONTH}"] for it in ("alfa", "beta"))
    assert (alfa["value"], beta["value"]) == (75.0, 75.0)
    assert (alfa["rank"], beta["rank"]) == (1, 1)
    assert alfa["parts"] == {
        "deal_count": {"count": 1},
        "revenue_won": {"sum": 30000},
        "best": {"deal_count": 2, "revenue_won": 30000},
    }
    assert not values(found, "partner_quality|all")


def test_rank_counts_the_better_ones_and_knows_where_lower_is_better() -> None:
    events = [
        won("d1", "2026-03-02T09:00:00Z", "300", {"rep": "ann"}),
        won("d2", "2026-03-02T09:00:00Z", "100", {"rep": "bob"}),
        won("d3", "2026-03-02T09:00:00Z", "100", {"rep": "cyd"}),
        deal("2026-03-01T09:00:00Z", {"deal": "d2", "stage": "needs"}),
    ]
    found = reported(events)
    revenue = [found[f"revenue_won|rep={it}|{MONTH}"]["rank"] for it in ("ann", "bob", "cyd")]
    assert revenue == [1, 2, 2]
    cycle = [found[f"cycle_time|rep={it}|{MONTH}"]["rank"] for it in ("ann", "bob", "cyd")]
    assert cycle == [1, 3, 1]
    assert found[f"revenue_won{MARCH}"]["rank"] is None


def test_pipeline_coverage_is_the_pipeline_over_what_is_missing_to_the_target() -> None:
    events = [
        won("d1", "2026-03-02T09:00:00Z", "100"),
        deal("2026-03-02T09:00:00Z", {"deal": "d2", "amount": "1200"} | EUR),
    ]
    assert reported(events)[f"pipeline_coverage{MARCH}"]["value"] is None
    aim = target("revenue_won", "month", "500")
    record = reported([*events, aim])[f"pipeline_coverage{MARCH}"]
    assert record["value"] == 3.0
    assert record["parts"] == {
        "pipeline_amount": {"level": 120000},
        "revenue_won": {"sum": 10000},
        "target": 50000,
    }
    reached = target("revenue_won", "month", "100")
    assert reported([*events, reached])[f"pipeline_coverage{MARCH}"]["value"] is None


def delivered(order: str, placed: str, at: str, promised: str) -> list[dict[str, Any]]:
    """Let an order be placed and delivered."""
    fields = {"order": order, "amount": "1", "promised": promised} | EUR
    return [
        event("order.placed", "acme", placed, fields),
        event("order.delivered", "acme", at, {"order": order}),
    ]


def test_delivery_leads_sales_by_the_lag_that_correlates_most() -> None:
    # On time in January and March, late in February and April; sales follow a month later.
    events = [
        *delivered("o1", "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z", "2026-01-09"),
        *delivered("o2", "2026-02-01T00:00:00Z", "2026-02-15T00:00:00Z", "2026-02-09"),
        *delivered("o3", "2026-03-01T00:00:00Z", "2026-03-05T00:00:00Z", "2026-03-09"),
        *delivered("o4", "2026-04-01T00:00:00Z", "2026-04-15T00:00:00Z", "2026-04-09"),
        won("d2", "2026-02-10T00:00:00Z", "500"),
        won("d3", "2026-03-10T00:00:00Z", "100"),
        won("d4", "2026-04-10T00:00:00Z", "500"),
    ]
    found = reported(events, "2026-04-20T00:00:00Z")
    record = found["delivery_sales_lag|all|month|2026-04-01T00:00:00+00:00"]
    assert (record["value"], record["parts"]["lag"]) == (1.0, 1)
    assert record["parts"]["pairs"] == {"0": 4, "1": 3, "2": 2, "3": 1}
    # Lag 0 pairs (1, 0), (0, 500), (1, 100), (0, 500): means 1/2 and 275; -450 over the
    # root of 1 * 207500.
    assert record["parts"]["correlations"] == {
        "0": -0.987878339907,
        "1": 1.0,
        "2": None,
        "3": None,
    }
    months = values(found, "delivery_sales_lag|all|")
    assert len(months) == 4


def test_delivery_sales_lag_goes_on_for_24_months_after_a_delivery() -> None:
    events = delivered("o1", "2024-01-01T00:00:00Z", "2024-01-05T00:00:00Z", "2024-01-09")
    months = values(reported(events), "delivery_sales_lag|all|month|")
    assert len(months) == 24
    assert max(months) == "2025-12-01T00:00:00+00:00"
