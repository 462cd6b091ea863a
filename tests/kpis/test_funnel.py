"""How do leads become deals, and where do they get lost: by hand."""

from tests.kpis.story import (
    deal,
    lead,
    lost,
    member,
    rate,
    said,
    told,
    won,
)


def test_leads_are_counted_where_they_came_from() -> None:
    found = told(
        lead("03-10 09:00", "lead-1", channel="web", media="paid", campaign="spring"),
        lead("03-10 09:30", "lead-2", channel="web", partner="alfa", rep="ann"),
        lead("03-11 09:00", "lead-3"),
    )
    assert found["lead_count"] == 3
    assert found["lead_count", "channel=web"] == 2
    assert found["lead_count", "all", "hour", "2026-03-10T09"] == 2
    assert found.scopes("lead_count") == {
        *("all", "channel=web", "media=paid", "campaign=spring", "partner=alfa", "rep=ann")
    }


def test_lead_entered_twice_is_one_lead_of_its_first_time() -> None:
    found = told(lead("02-10 09:00", channel="web"), lead("03-10 09:00", channel="fair"))
    assert found["lead_count", "channel=fair", "month", "2026-02"] == 1
    assert ("lead_count", "all", "month", "2026-03") not in found
    assert found.scopes("lead_count") == {"all", "channel=fair"}


def test_leads_are_qualified_once_at_the_first_time() -> None:
    found = told(
        lead("02-10 09:00", campaign="spring"),
        said("lead.qualified", "02-12 09:00", subject="lead-1"),
        said("lead.qualified", "03-12 09:00", subject="lead-1"),
    )
    assert found["qualified_leads", "campaign=spring", "month", "2026-02"] == 1
    assert "qualified_leads" not in found


def test_handover_rate_is_over_leads_qualified() -> None:
    def qualified(subject: str) -> list[dict[str, object]]:
        return [
            lead("03-01 09:00", subject),
            said("lead.qualified", "03-02 09:00", subject=subject),
        ]

    found = told(
        *(event for n in (1, 2, 3, 4) for event in qualified(f"lead-{n}")),
        said("lead.handed_over", "03-05 09:00", subject="lead-1"),
        said("lead.handed_over", "03-06 09:00", subject="lead-1"),
        lead("03-01 09:00", "lead-5"),
        said("lead.handed_over", "03-06 09:00", subject="lead-5"),
    )
    # Four qualified, one of those handed over; the fifth was never qualified.
    assert found["handover_rate"] == 1 / 4


def test_stage_entered_again_counts_once_at_the_first_time() -> None:
    found = told(
        deal("02-10 09:00", stage="contact"),
        deal("03-10 09:00", stage="offer"),
        deal("03-11 09:00", stage="contact"),
        deal("03-12 09:00", "deal-2", stage="offer"),
    )
    assert found.parts("stage_entries", "all", "month", "2026-02") == {"contact": 1}
    assert found.parts("stage_entries", "all", "month", "2026-03") == {"offer": 2}
    assert found["stage_entries", "all", "month", "2026-03"] == 2


def test_lost_reasons_are_the_last_named_and_unknown_where_there_is_none() -> None:
    found = told(
        lost("03-10 09:00", reason="price", product="basic"),
        deal("03-11 09:00", reason="competitor"),
        lost("03-10 09:00", "deal-2"),
        won("03-10 09:00", "deal-3", reason="price"),
    )
    # What was given before the loss is no reason of it.
    assert found.parts("lost_reasons") == {"competitor": 1, "unknown": 1}
    assert found.parts("lost_reasons", "product=basic") == {"competitor": 1}
    assert found["lost_reasons"] == 2


STAGED = (
    deal("03-02 09:00", stage="discovery"),
    deal("03-05 09:00", stage="offer"),
    deal("03-09 09:00", status="lost"),
    deal("03-03 09:00", "deal-2", stage="discovery"),
    deal("03-06 09:00", "deal-2", status="won"),
    deal("03-04 09:00", "deal-3", stage="discovery"),
)


def test_stage_conversion_is_the_share_that_went_on_from_a_stage() -> None:
    found = told(*STAGED)
    # From discovery to an offer and to a win, not from the offer, not deal-3.
    assert found.parts("stage_conversion") == {"hits": 2, "total": 4}
    assert found.parts("stage_conversion", "stage=discovery") == {"hits": 2, "total": 3}
    assert found["stage_conversion", "stage=offer"] == 0.0
    # Each on the day the stage was entered.
    assert found["stage_conversion", "all", "day", "2026-03-03"] == 1.0


def test_stage_conversion_is_published_by_team_and_stage() -> None:
    events = deal("03-02 09:00", stage="discovery", rep="ann"), member("ann", team="north")
    assert told(*events).scopes("stage_conversion") == {"all", "stage=discovery", "team=north"}


def test_falling_back_converts_nothing_where_stages_have_an_order() -> None:
    fallen = deal("03-02 09:00", stage="offer"), deal("03-05 09:00", stage="discovery")
    found = told(*fallen, stages=("discovery", "offer"))
    assert found.parts("stage_conversion") == {"hits": 0, "total": 2}
    # Without an order the stage entered later is the later one.
    assert told(*fallen)["stage_conversion", "stage=offer"] == 1.0
    # A stage that the order lacks is later than none.
    assert told(*fallen, stages=("offer",))["stage_conversion", "stage=offer"] == 0.0


def test_stage_that_is_entered_again_was_entered_first() -> None:
    found = told(
        deal("03-02 09:00", stage="discovery"),
        deal("03-05 09:00", stage="offer"),
        deal("03-07 09:00", stage="discovery"),
        stages=("discovery", "offer"),
    )
    assert found.parts("stage_conversion") == {"hits": 1, "total": 2}
    assert ("stage_conversion", "all", "day", "2026-03-07") not in found


def test_late_stage_converts_the_one_before_and_a_win_undone_none() -> None:
    late = told(*STAGED, deal("03-10 09:00", "deal-3", stage="offer"))
    assert late["stage_conversion", "stage=discovery"] == 1.0
    undone = told(*STAGED, deal("03-10 09:00", "deal-2", status="open"))
    assert undone["stage_conversion", "stage=discovery"] == 1 / 3


def test_corrected_stage_was_never_another() -> None:
    first = deal("03-02 09:00", stage="offer")
    found = told(first, deal("03-02 10:00", stage="contract") | {"id": first["id"]})
    assert found.scopes("stage_conversion") == {"all", "stage=contract"}


FUNNEL = (
    deal("03-02 09:00", amount="300", rep="ann", product="basic"),
    deal("03-09 09:00", status="won"),
    deal("03-03 09:00", "deal-2", amount="500", rep="ann"),
    deal("03-04 09:00", "deal-3", rep="bob"),
)


def test_funnel_realisation_is_the_share_of_deals_created_that_are_won_now() -> None:
    found = told(*FUNNEL, member("ann", team="north"))
    assert found.parts("funnel_realisation") == {"hits": 1, "total": 3}
    assert (
        found["funnel_realisation", "rep=ann"] == found["funnel_realisation", "team=north"] == 0.5
    )
    assert found["funnel_realisation", "product=basic"] == 1.0
    assert found["funnel_realisation", "all", "day", "2026-03-02"] == 1.0
    assert ("funnel_realisation", "all", "day", "2026-03-09") not in found
    undone = told(*FUNNEL, deal("03-10 09:00", status="open"))
    assert undone["funnel_realisation"] == 0.0


def test_funnel_realisation_value_is_the_share_of_the_amounts_created() -> None:
    found = told(*FUNNEL)
    # deal-3 has no amount.
    assert found["funnel_realisation_value"] == 300 / (300 + 500)
    assert found.parts("funnel_realisation_value") == {"numerator": 30_000, "denominator": 80_000}
    assert ("funnel_realisation_value", "rep=bob") not in found


def test_funnel_realisation_value_is_at_the_rate_of_creation_for_both_halves() -> None:
    found = told(
        deal("03-02 09:00", amount="100", currency="USD"),
        deal("03-09 09:00", status="won"),
        deal("03-03 09:00", "deal-2", amount="150"),
        rate("USD", "03-01", "0.5"),
        rate("USD", "03-09", "0.9"),
    )
    assert found["funnel_realisation_value"] == 50 / 200


def test_deal_without_a_rate_is_in_neither_half_of_the_funnels_value() -> None:
    found = told(*FUNNEL, deal("03-04 09:00", "deal-4", amount="7", currency="XOF"))
    assert found["funnel_realisation_value"] == 300 / 800
    assert found["funnel_realisation"] == 0.25
    assert found.parts("unpriced_facts")["funnel_realisation_value"] == 1
