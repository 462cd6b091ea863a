"""What KPIs say together, with the arithmetic by hand."""

import pytest

from tests.kpis.story import (
    Record,
    Said,
    Told,
    activity,
    deal,
    lead,
    lost,
    spent,
    target,
    told,
    won,
)

PIPELINE = (
    deal("03-01 00:00", "a", "a", rep="ann", partner="north"),
    won("03-11 00:00", "a", "300", subject="a"),
    lost("03-12 00:00", "b", subject="b", rep="bob"),
    deal("03-13 00:00", "c", "c", rep="ann", amount="500", partner="north"),
    deal("03-14 00:00", "d", "d", rep="bob", amount="400"),
)


def record(found: Told, *picked: str) -> Record:
    """Give a record that must be there."""
    there = found.record(*picked)
    assert there is not None
    return there


def test_sales_velocity_is_what_the_open_deals_bring_in_a_day() -> None:
    found = told(*PIPELINE)
    # Two open deals x 1 of 2 won x 300 each / 10 days from creation to win.
    assert found["sales_velocity"] == "30.00"
    # Ann's: one open x 1 of 1 x 300 / 10 days.
    assert found["sales_velocity", "rep=ann"] == "30.00"
    assert found["sales_velocity", "partner=north"] == "30.00"
    velocity = record(found, "sales_velocity")
    assert velocity["unit"] == "money:EUR/day"
    assert velocity["parts"] == {
        "pipeline_count": {"level": 2},
        "close_rate": {"hits": 1, "total": 2},
        "deal_size": {"sum": 30_000, "count": 1},
        "cycle_time": {"sum": 864_000_000, "count": 1},
    }


def test_sales_velocity_has_no_value_without_a_win() -> None:
    velocity = record(told(*PIPELINE), "sales_velocity", "rep=bob")
    # Bob has lost one and has one open.
    assert velocity["value"] is None
    assert velocity["parts"]["close_rate"] == {"hits": 0, "total": 1}
    assert velocity["parts"]["deal_size"] == {"sum": 0, "count": 0}


def test_sales_velocity_of_a_window_that_is_over_has_the_deals_open_at_its_end() -> None:
    found = told(
        deal("01-05 00:00", "open", "open"),
        deal("01-05 00:00", "a", "a"),
        won("02-04 00:00", "a", "300", subject="a"),
    )
    # February ends with one open deal: 1 x 1 of 1 x 300 / 30 days.
    assert found["sales_velocity", "all", "month", "2026-02"] == "10.00"


def test_sales_velocity_of_a_day_has_what_was_open_then() -> None:
    events = [
        deal("01-05 00:00", "open", "open"),
        *(won(f"{day} 00:00", day, "300", subject=day) for day in ("02-04", "03-04")),
        *(lead(f"{day} 00:00", day) for day in ("01-25", "02-25")),
    ]
    assert told(*events).parts("sales_velocity", "all", "day", "2026-03-04")["pipeline_count"] == {
        "level": 1
    }


def test_pipeline_coverage_is_what_is_open_over_what_is_missing() -> None:
    found = told(*PIPELINE, target("revenue_won", "900"))
    # 900 open; 900 - 300 won = 600 missing.
    assert found["pipeline_coverage"] == 1.5
    assert found.parts("pipeline_coverage") == {
        "pipeline_amount": {"level": 90_000},
        "revenue_won": {"sum": 30_000},
        "target": 90_000,
    }


@pytest.mark.parametrize("aims", [[], [target("revenue_won", "300")]], ids=["none", "reached"])
def test_pipeline_coverage_has_no_value_with_nothing_missing(aims: list[Said]) -> None:
    found = told(*PIPELINE, *aims)
    assert found["pipeline_coverage"] is None
    assert found.parts("pipeline_coverage")["target"] == (30_000 if aims else None)


def test_pipeline_coverage_exists_by_its_ingredients_target_alone() -> None:
    found = told(target("revenue_won", "900", scope={"rep": "ann"}))
    assert found["pipeline_coverage", "rep=ann"] == 0.0
    assert "pipeline_coverage" not in found


MARKETING = (
    spent("03-02 09:00", "70", channel="web", campaign="spring"),
    spent("03-03 09:00", "30", channel="fair"),
    lead("03-04 09:00", "x", channel="web", campaign="spring"),
    lead("03-05 09:00", "y", channel="web"),
    lead("03-06 09:00", "z", channel="fair"),
)


def test_cost_per_lead_is_spend_over_leads() -> None:
    found = told(*MARKETING)
    assert found["cost_per_lead"] == "33.33"  # 100 / 3
    assert found["cost_per_lead", "channel=web"] == "35.00"
    assert found["cost_per_lead", "campaign=spring"] == "70.00"


def test_cost_per_lead_has_no_value_without_a_lead() -> None:
    found = told(spent("03-02 09:00", "70", channel="web"))
    assert found["cost_per_lead"] is None
    assert found.parts("cost_per_lead") == {
        "marketing_spend": {"sum": 7_000},
        "lead_count": {"count": 0},
    }


def test_cost_per_lead_has_no_hours() -> None:
    found = told(*MARKETING)
    assert found.scopes("cost_per_lead", "hour") == set()
    assert found.scopes("lead_count", "hour")


def test_cost_per_opportunity_is_spend_over_deals_created() -> None:
    found = told(*MARKETING, *(deal("03-07 09:00", name, name) for name in "abc"))
    assert found["cost_per_opportunity"] == "33.33"
    assert found.parts("cost_per_opportunity")["deal_conversion"] == {"hits": 0, "total": 3}
    assert found["cost_per_opportunity", "channel=web"] is None


def test_campaign_return_is_what_is_won_beyond_the_spend() -> None:
    found = told(*MARKETING, won("03-08 09:00", "d", "150", subject="x"))
    assert found["campaign_return"] == 0.5  # (150 - 100) / 100
    # (150 - 70) / 70; fair: (0 - 30) / 30.
    assert found["campaign_return", "campaign=spring"] == 80 / 70
    assert found["campaign_return", "channel=fair"] == -1.0


def prospected(at: str, hours: str, outreach: int, responses: int) -> Said:
    """Ann prospects on the web."""
    return activity(
        at,
        "prospecting",
        "rep:ann",
        channel="web",
        hours=hours,
        outreach=outreach,
        responses=responses,
    )


PROSPECTED = (
    prospected("01-10 09:00", "2", 100, 5),
    prospected("02-10 09:00", "10", 100, 10),
    prospected("03-10 09:00", "15", 100, 30),
)


def test_rrroi_is_what_each_hour_more_brought_in_responses() -> None:
    rrroi = record(told(*PROSPECTED), "rrroi")
    # (30 % - 10 %) for 5 hours more; in February (10 % - 5 %) for 8 hours more.
    assert (rrroi["value"], rrroi["previous"]) == (0.04, 0.00625)
    assert rrroi["change"] == 0.03375
    assert rrroi["parts"] == {
        "response_rate": {"hits": 30, "total": 100},
        "prospecting_hours": {"sum": 54_000_000},
        "before": {
            "response_rate": {"hits": 10, "total": 100},
            "prospecting_hours": {"sum": 36_000_000},
        },
    }


def test_rrroi_to_date_is_what_it_was_on_that_day_of_the_month_before() -> None:
    events = [
        prospected("01-20 09:00", "2", 100, 5),
        prospected("02-10 09:00", "10", 100, 10),
        prospected("02-25 09:00", "10", 100, 50),
        prospected("03-10 09:00", "15", 100, 30),
    ]
    rrroi = record(told(*events, now="2026-03-15T12:00:00Z"), "rrroi")
    # On 15 February: (10 % - 5 %) for 8 hours more than in all of January.
    assert rrroi["previous_to_date"] == 0.00625


def test_rrroi_of_a_rolling_window_reads_two_windows_back() -> None:
    events = [
        prospected("03-01 09:00", "2", 100, 5),
        prospected("03-08 09:00", "10", 100, 10),
        prospected("03-15 09:00", "15", 100, 30),
    ]
    # 14 to 20, 7 to 13 and 28 February to 6 March.
    rrroi = record(told(*events), "rrroi", "channel=web", "last_7d")
    assert (rrroi["value"], rrroi["previous"]) == (0.04, 0.00625)


def test_rrroi_has_no_value_unless_hours_grew() -> None:
    found = told(prospected("02-10 09:00", "15", 100, 10), prospected("03-10 09:00", "15", 10, 3))
    assert found["rrroi"] is None


def test_lead_generation_rate_is_leads_an_hour() -> None:
    found = told(*MARKETING, prospected("03-10 09:00", "1.5", 0, 0))
    assert found["lead_generation_rate"] == 2.0  # 3 leads in 1.5 hours
    assert found["lead_generation_rate", "channel=web"] == 2 / 1.5
    assert found["lead_generation_rate", "channel=fair"] is None


PARTNERS = (
    won("03-02 09:00", "a", "300", partner="north"),
    won("03-03 09:00", "b", "500", partner="south"),
    won("03-04 09:00", "c", "100", partner="south"),
    won("03-05 09:00", "d", "0", partner="south"),
    deal("03-05 09:00", "e", partner="west"),
)


def test_partner_quality_measures_by_the_best_partners() -> None:
    found = told(*PARTNERS)
    north = record(found, "partner_quality", "partner=north")
    # One of three wins: 50 / 3; 300 of 600 in revenue: 25.
    assert north["value"] == pytest.approx(125 / 3, abs=1e-12)
    assert north["parts"] == {
        "deal_count": {"count": 1},
        "revenue_won": {"sum": 30_000},
        "best": {"deal_count": 3, "revenue_won": 60_000},
    }
    assert (north["unit"], north["rank"]) == ("score", 2)
    assert found["partner_quality", "partner=south"] == 100.0
    assert found.scopes("partner_quality") == {"partner=north", "partner=south"}


def test_partner_quality_of_the_window_before_is_measured_by_the_best_of_then() -> None:
    found = told(*PARTNERS, won("02-02 09:00", "f", "10", partner="north"))
    north = record(found, "partner_quality", "partner=north")
    assert north["previous"] == 100.0
    assert north["change"] == round(125 / 3 - 100, 12)


def test_partner_quality_has_no_value_without_revenue() -> None:
    found = told(won("03-02 09:00", "a", "-5", partner="north"))
    assert found["partner_quality", "partner=north"] is None
    assert found.parts("partner_quality", "partner=north")["best"] == {
        "deal_count": 1,
        "revenue_won": -500,
    }
