"""Who is best: ranks of reps, teams and partners by any KPI, by hand."""

import pytest

from tests.kpis.story import (
    Record,
    Told,
    call,
    deal,
    invoice,
    member,
    target,
    told,
    won,
)


def ranks(found: Told, kpi: str, dimension: str) -> dict[str, int | None]:
    """Give the ranks of this month's members."""
    return {
        next(iter(record["scope"].values())): record["rank"]
        for record in found.records
        if (record["kpi"], record["window"]) == (kpi, "month") and dimension in record["scope"]
    }


SOLD = (
    won("03-02 09:00", "a", "100", rep="ann"),
    won("03-02 09:00", "b", "300", rep="bob"),
    won("03-02 09:00", "c", "300", rep="cyd"),
    won("03-02 09:00", "d", "50", rep="dan"),
)


def test_rank_counts_those_who_are_better_and_ties_share_one() -> None:
    assert ranks(told(*SOLD), "revenue_won", "rep") == {"ann": 3, "bob": 1, "cyd": 1, "dan": 4}


def test_where_lower_is_better_the_least_is_first() -> None:
    events = [
        *(deal("03-01 09:00", name, name, rep=name) for name in ("ann", "bob")),
        won("03-03 09:00", "ann", subject="ann"),
        won("03-02 09:00", "bob", subject="bob"),
    ]
    assert ranks(told(*events), "cycle_time", "rep") == {"ann": 2, "bob": 1}


def test_who_has_no_value_has_no_rank_and_is_nobodys_better() -> None:
    events = [
        deal("03-01 09:00", "a", "a", rep="ann"),
        won("03-03 09:00", "b", "10", rep="bob"),
        deal("03-03 09:00", "c", "c", rep="bob"),
    ]
    assert ranks(told(*events), "sales_velocity", "rep") == {"ann": None, "bob": None}
    assert ranks(told(*events), "pipeline_count", "rep") == {"ann": 1, "bob": 1}


def test_teams_and_partners_are_ranked_too_and_no_other_dimension() -> None:
    events = [
        won("03-02 09:00", "a", "100", rep="ann", partner="north", channel="web"),
        won("03-02 09:00", "b", "300", rep="bob", partner="south", channel="fair"),
        member("ann", team="east", unit="europe"),
        member("bob", team="west", unit="asia"),
    ]
    found = told(*events)
    assert ranks(found, "revenue_won", "team") == {"east": 2, "west": 1}
    assert ranks(found, "revenue_won", "partner") == {"north": 2, "south": 1}
    assert ranks(found, "revenue_won", "unit") == {"europe": None, "asia": None}
    assert ranks(found, "revenue_won", "channel") == {"web": None, "fair": None}
    record = found.record("revenue_won")
    assert record is not None
    assert record["rank"] is None


def test_record_that_a_target_made_is_ranked() -> None:
    aim = target("revenue_won", "1000", scope={"rep": "eve"})
    assert ranks(told(*SOLD, aim), "revenue_won", "rep")["eve"] == 5


def test_hours_are_ranked() -> None:
    found = told(call("03-10 09:00", rep="ann"), call("03-10 09:10", rep="bob"))
    hours: list[Record] = [
        r for r in found.records if r["window"] == "hour" and "rep" in r["scope"]
    ]
    assert [record["rank"] for record in hours] == [1, 1]


BIG = deal("06-01 09:00", "deal-big", amount="1000000", rep="big", partner="major")
SMALL = deal("06-10 09:00", "deal-small", amount="10", rep="small", partner="minor")
TENTH = ("day", "2026-06-10")


@pytest.mark.parametrize("scope", ["rep=small", "team=little", "partner=minor"])
@pytest.mark.parametrize("now", ["06-10 23:00", "06-11 00:00", "2027-06-01T00:00:00Z"])
def test_level_is_ranked_among_all_who_have_one_whether_or_not_it_changed_that_day(
    scope: str, now: str
) -> None:
    found = told(BIG, SMALL, member("big", team="great"), member("small", team="little"), now=now)
    record = found.record("pipeline_amount", scope, *TENTH)
    assert record is not None
    assert record["rank"] == 2


def test_level_that_began_or_ended_counts_in_a_rank_as_it_was_then() -> None:
    events = [
        BIG,
        SMALL,
        deal("06-09 09:00", "gone", amount="50", rep="gone"),
        deal("06-10 12:00", "gone", rep="gone", status="lost"),
        deal("06-11 09:00", "later", amount="500", rep="later"),
    ]
    found = told(*events, now="06-20 12:00")
    ranked = {
        day: {
            record["scope"]["rep"]: record["rank"]
            for record in found.records
            if (record["kpi"], record["window"]) == ("pipeline_amount", "day")
            and "rep" in record["scope"]
            and record["start"].startswith(day)
        }
        for day in ("2026-06-09", "2026-06-10", "2026-06-11")
    }
    # On the 9th big has more. On the 10th gone has nothing left, and small has 10.
    assert ranked == {
        "2026-06-09": {"gone": 2},
        "2026-06-10": {"small": 2, "gone": 3},
        "2026-06-11": {"later": 2},
    }


def test_least_level_is_best_where_lower_is_better() -> None:
    events = [
        deal("06-01 09:00", name, name, amount=amount, rep=name, expected_close=f"2026-06-{day}")
        for name, amount, day in (("ann", "100", "05"), ("bob", "10", "09"), ("cyd", "1", "15"))
    ]
    found = told(*events, now="06-20 12:00")
    record = found.record("expired_pipeline", "rep=bob", *TENTH)
    assert record is not None
    # Ann had 100 by then, and cyd nothing that could be compared.
    assert record["rank"] == 1


def test_level_that_only_a_target_makes_a_record_of_takes_part() -> None:
    goal = target("pipeline_amount", "5", "day", scope={"rep": "eve"}, at="06-01 00:00")
    found = told(BIG, SMALL, goal, now="06-20 12:00")
    for rep, rank in (("small", 2), ("eve", 3)):
        record = found.record("pipeline_amount", f"rep={rep}", *TENTH)
        assert record is not None
        assert record["rank"] == rank


SECOND_OF_TWO = {
    "customer_lifetime_value": (
        invoice("06-01 09:00", "1000000", due="06-30", name="one", subject="A", rep="big"),
        invoice("06-10 09:00", "10", due="06-30", name="two", subject="B", rep="small"),
    ),
    "pipeline_coverage": (
        *(BIG, SMALL),
        *(target("revenue_won", "100", "day", scope={"rep": rep}) for rep in ("big", "small")),
    ),
    "pipeline_weighted": (BIG | {"probability": 0.5}, SMALL | {"probability": 1}),
    # Who owes the least is best.
    "receivables": (
        invoice("06-01 09:00", "10", due="06-30", name="one", subject="A", rep="big"),
        invoice("06-10 09:00", "1000000", due="06-30", name="two", subject="B", rep="small"),
    ),
}


@pytest.mark.parametrize("kpi", SECOND_OF_TWO)
@pytest.mark.parametrize("now", ["06-10 23:00", "06-11 00:00", "06-20 12:00"])
def test_every_kind_of_level_and_what_is_made_of_it_is_ranked_so(kpi: str, now: str) -> None:
    record = told(*SECOND_OF_TWO[kpi], now=now).record(kpi, "rep=small", *TENTH)
    assert record is not None
    assert record["rank"] == 2
