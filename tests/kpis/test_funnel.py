"""How do leads become deals, and where do they get lost: by hand."""

from tests.kpis.story import deal, lead, lost, said, told, won


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


def test_lost_reasons_are_the_last_given_and_unknown_where_there_is_none() -> None:
    found = told(
        lost("03-10 09:00", reason="price", product="basic"),
        deal("03-11 09:00", reason="competitor"),
        lost("03-10 09:00", "deal-2"),
        won("03-10 09:00", "deal-3", reason="price"),
    )
    assert found.parts("lost_reasons") == {"competitor": 1, "unknown": 1}
    assert found.parts("lost_reasons", "product=basic") == {"competitor": 1}
    assert found["lost_reasons"] == 2
