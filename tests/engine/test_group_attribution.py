"""Facts that belong to the team of their time, by hand."""

from tests.catalogue.test_definitions import Company, company
from tests.kpis.story import deal, member, won

__all__ = ["company"]

MOVES = (
    member("ann", team="north", department="field", unit="europe"),
    member("ann", at="03-10 12:00", team="south", department="field", unit="europe"),
)


def test_fact_belongs_to_the_team_of_its_time_if_so_defined(company: Company) -> None:
    events = [
        won("01-10 09:00", "a", "200", rep="ann"),
        won("03-10 11:59", "b", "30", rep="ann"),
        won("03-10 12:00", "c", "4", rep="ann"),
        *MOVES,
    ]
    found = company.told('organisation = "event"', *events)
    assert found["revenue_won", "team=north", "month", "2026-01"] == "200.00"
    assert found["revenue_won", "team=north", "day", "2026-03-10"] == "30.00"
    assert found["revenue_won", "team=south", "day", "2026-03-10"] == "4.00"
    assert found["revenue_won", "department=field", "year"] == "234.00"
    assert (
        found["revenue_won", "rep=ann", "year"] == found["revenue_won", "all", "year"] == "234.00"
    )
    today = company.told('organisation = "now"', *events)
    assert today["revenue_won", "team=south", "year"] == "234.00"


def test_fact_before_a_reps_first_record_belongs_to_the_team_of_that(company: Company) -> None:
    joined = member("ann", at="02-01 00:00", team="north")
    found = company.told(
        'organisation = "event"', won("01-10 09:00", amount="200", rep="ann"), joined, MOVES[1]
    )
    assert found["revenue_won", "team=north", "month", "2026-01"] == "200.00"


def test_patch_that_does_not_name_the_team_leaves_it(company: Company) -> None:
    events = [
        *MOVES,
        member("ann", at="03-12 00:00", department="inside"),
        won("03-13 09:00", rep="ann"),
    ]
    found = company.told('organisation = "event"', *events)
    assert found["revenue_won", "team=south"] == "100.00"
    assert found["revenue_won", "department=inside"] == "100.00"


def test_level_moves_to_the_new_team_with_the_rep(company: Company) -> None:
    events = [
        deal("01-10 09:00", "a", amount="500", rep="ann"),
        deal("02-10 09:00", "b", amount="70", rep="ann"),
        deal("03-11 09:00", "a", status="lost"),
        deal("03-09 09:00", "c", amount="1", rep="bob"),
        member("bob", team="north"),
        *MOVES,
    ]
    found = company.told('organisation = "event"', *events)
    levels = {
        (scope, month): found["pipeline_amount", scope, "month", f"2026-0{month}"]
        for scope in ("team=north", "team=south", "department=field", "all")
        for month in (1, 2, 3)
        if ("pipeline_amount", scope, "month", f"2026-0{month}") in found
    }
    assert levels == {
        ("team=north", 1): "500.00",
        ("team=north", 2): "570.00",
        ("team=north", 3): "1.00",
        ("team=south", 3): "70.00",
        ("department=field", 1): "500.00",
        ("department=field", 2): "570.00",
        ("department=field", 3): "70.00",
        ("all", 1): "500.00",
        ("all", 2): "570.00",
        ("all", 3): "71.00",
    }
    # On the day itself both deals moved; one was lost the day after.
    assert found["pipeline_amount", "team=south", "day", "2026-03-10"] == "570.00"
    assert found["pipeline_count", "team=south", "day", "2026-03-10"] == 2


def test_deal_that_changes_hands_moves_between_the_teams_of_its_reps(company: Company) -> None:
    events = [
        deal("01-10 09:00", amount="500", rep="ann"),
        deal("02-10 09:00", rep="bob"),
        member("bob", team="west"),
        *MOVES,
    ]
    found = company.told('organisation = "event"\nowner = "event"', *events)
    assert found["pipeline_amount", "team=north", "month", "2026-01"] == "500.00"
    assert found["pipeline_amount", "team=north", "month", "2026-02"] == "0.00"
    assert found["pipeline_amount", "team=west", "month", "2026-02"] == "500.00"
    # Ann has nothing left to bring along.
    assert ("pipeline_amount", "team=south") not in found


def test_level_that_ends_as_its_rep_moves_was_never_the_new_teams(company: Company) -> None:
    found = company.told(
        'organisation = "event"',
        deal("03-02 09:00", "a", amount="500", rep="ann"),
        deal("03-10 12:00", "a", status="lost"),
        *MOVES,
    )
    assert ("pipeline_count", "team=south", "day", "2026-03-10") not in found
    assert found["pipeline_count", "team=north", "day", "2026-03-10"] == 0
    assert found["pipeline_count", "department=field", "day", "2026-03-10"] == 0
