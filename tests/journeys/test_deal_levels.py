"""Levels of deals follow their history: what stood open then, with the fields of then."""

from pathlib import Path

import pytest

from tests.kpis.story import (
    Said,
    Told,
    call,
    deal,
    lead,
    rate,
    said,
    told,
)

BERLIN = "Europe/Berlin"


def local(day: str) -> str:
    """Write nine o'clock of a day of 2026 in Berlin."""
    summer = "03-29" <= day < "10-25"
    return f"2026-{day}T09:00:00+0{2 if summer else 1}:00"


def days(found: Told, kpi: str, scope: str = "all") -> dict[str, object]:
    """Give the values of a KPI by day."""
    return {
        record["start"][5:10]: record["value"]
        for record in found.records
        if (record["kpi"], record["window"]) == (kpi, "day")
        and "=".join(next(iter(record["scope"].items()), ("all",))) == scope
    }


def test_reopened_deal_was_not_open_in_between() -> None:
    found = told(
        deal(local("09-01"), amount="100.00", rep="ann"),
        deal(local("10-01"), status="lost"),
        deal(local("11-01"), status="open"),
        deal(local("10-05"), "deal-2", amount="7.00", rep="ann"),
        now=local("11-20"),
        timezone=BERLIN,
    )
    months = {
        month: (
            found["pipeline_count", "rep=ann", "month", f"2026-{month}"],
            found["pipeline_amount", "rep=ann", "month", f"2026-{month}"],
        )
        for month in ("09", "10", "11")
    }
    assert months == {"09": (1, "100.00"), "10": (1, "7.00"), "11": (2, "107.00")}


def test_raised_and_moved_deal_stood_with_its_amount_and_stage_of_then() -> None:
    found = told(
        deal(local("10-20"), amount="1000", stage="discovery"),
        deal(local("11-15"), amount="5000", stage="proposal"),
        now=local("11-20"),
        timezone=BERLIN,
    )
    kpi = "pipeline_amount"
    assert found[kpi, "all", "month", "2026-10"] == "1000.00"
    assert found[kpi, "stage=discovery", "month", "2026-10"] == "1000.00"
    assert (kpi, "stage=proposal", "month", "2026-10") not in found
    november = found.record(kpi)
    assert november is not None
    assert (november["value"], november["change"]) == ("5000.00", "4000.00")
    assert found[kpi, "stage=discovery"] == "0.00"
    assert found[kpi, "stage=proposal"] == "5000.00"
    assert found["pipeline_count", "stage=discovery", "month", "2026-10"] == 1
    assert found["pipeline_count", "stage=discovery"] == 0


def test_deal_that_moves_on_changes_its_stages_alone() -> None:
    found = told(
        deal("03-02 09:00", amount="100", stage="a", rep="ann"),
        deal("03-05 09:00", stage="b"),
    )
    assert days(found, "pipeline_amount") == {"03-02": "100.00", "03-20": "100.00"}
    assert days(found, "pipeline_amount", "rep=ann") == {"03-02": "100.00", "03-20": "100.00"}
    assert days(found, "pipeline_amount", "stage=a") == {
        "03-02": "100.00",
        "03-05": "0.00",
        "03-20": "0.00",
    }
    assert days(found, "pipeline_count", "stage=b") == {"03-05": 1, "03-20": 1}


def test_deal_in_its_third_stage_at_one_instant_was_never_in_the_second() -> None:
    found = told(
        deal("03-02 09:00", stage="a"),
        deal("03-05 09:00", stage="b") | {"id": "1"},
        deal("03-05 09:00", stage="c") | {"id": "2"},
    )
    assert found.scopes("pipeline_count") == {"all", "stage=a", "stage=c"}


def test_deal_closed_in_its_first_event_was_never_open() -> None:
    found = told(deal("03-02 09:00", status="won", amount="100"))
    assert found.scopes("pipeline_count") == set()


def test_deal_moved_to_another_pipeline_stands_there() -> None:
    found = told(
        deal("02-02 09:00", amount="100", pipeline="new", stage="offer"),
        deal("03-05 09:00", pipeline="renewal"),
    )
    assert found["pipeline_amount", "pipeline=new", "month", "2026-02"] == "100.00"
    assert found["pipeline_amount", "pipeline=new"] == "0.00"
    assert found["pipeline_amount", "pipeline=renewal"] == "100.00"
    assert days(found, "pipeline_amount", "stage=offer") == {"02-02": "100.00", "03-20": "100.00"}


def test_amount_of_then_is_at_the_rate_of_the_creation() -> None:
    found = told(
        rate("USD", "02-01", "0.5"),
        rate("USD", "03-01", "0.25"),
        deal("02-02 09:00", amount="100", currency="USD", expected_close="2026-03-04"),
        deal("03-10 09:00", amount="200", currency="USD"),
    )
    assert found["pipeline_amount", "all", "month", "2026-02"] == "50.00"
    assert found["pipeline_amount"] == "100.00"
    # Also of what has expired, on 5 March and then raised.
    assert days(found, "expired_pipeline") == {
        "03-05": "50.00",
        "03-10": "100.00",
        "03-20": "100.00",
    }


def test_weighted_pipeline_has_the_probability_of_then() -> None:
    found = told(
        deal("03-02 09:00", amount="0.05", stage="a", probability=0.3),
        deal("03-04 09:00", probability=0.5, stage="b"),
        deal("03-06 09:00", probability=None),
        deal("03-08 09:00", stage="c"),
        stage_probability={"b": "0.9"},
    )
    # 1.5, 2.5 and 4.5 cents, each rounded half up; no probability is known in `c`.
    assert days(found, "pipeline_weighted") == {
        "03-02": "0.02",
        "03-04": "0.03",
        "03-06": "0.05",
        "03-08": "0.00",
        "03-20": "0.00",
    }
    assert days(found, "pipeline_weighted", "stage=b")["03-06"] == "0.05"
    assert ("pipeline_weighted", "stage=c") not in found


def test_deal_expected_later_had_expired_until_then() -> None:
    found = told(
        deal("03-01 09:00", amount="100", expected_close="2026-03-05", partner="alfa"),
        deal("03-08 09:00", expected_close="2026-03-15"),
        deal("03-17 09:00", expected_close=None),
    )
    assert days(found, "expired_pipeline", "partner=alfa") == {
        "03-06": "100.00",
        "03-08": "0.00",
        "03-16": "100.00",
        "03-17": "0.00",
        "03-20": "0.00",
    }


def test_reopened_deal_expires_again_at_once() -> None:
    found = told(
        deal("03-01 09:00", amount="100", expected_close="2026-03-05"),
        deal("03-03 09:00", status="lost"),
        deal("03-10 09:00", status="open"),
    )
    assert days(found, "expired_pipeline") == {"03-10": "100.00", "03-20": "100.00"}


def test_opportunity_was_stale_until_the_next_event_of_its_subject() -> None:
    found = told(
        deal("01-01 09:00", rep="ann"),
        call("02-10 09:00"),
        lead("03-12 09:00"),
        deal("03-13 09:00", status="lost"),
        now="04-20 09:00",
    )
    # From 31 January to the call, and for no time at all on 12 March, 30 days after it.
    assert days(found, "stale_opportunities", "rep=ann") == {
        "01-31": 1,
        "02-10": 0,
        "04-20": 0,
    }


def test_opportunity_closed_by_the_event_that_ends_the_silence_was_stale() -> None:
    found = told(deal("01-01 09:00"), deal("03-01 09:00", status="won"))
    assert days(found, "stale_opportunities") == {"01-31": 1, "03-01": 0, "03-20": 0}


def test_silence_about_a_deal_that_was_closed_is_not_stale() -> None:
    found = told(
        deal("01-01 09:00", status="lost"),
        deal("03-01 09:00", status="open"),
    )
    assert "stale_opportunities" not in found


def test_deal_never_priced_counts_and_is_unpriced_once() -> None:
    found = told(
        deal("03-02 09:00", amount="100", currency="USD", stage="a"),
        deal("03-03 09:00", stage="b"),
        deal("03-04 09:00", amount="200", currency="USD"),
    )
    assert found["pipeline_count"] == 1
    assert "pipeline_amount" not in found
    assert found.parts("unpriced_facts")["pipeline_amount"] == 1


def test_amount_without_a_currency_is_unpriced_and_no_amount_is_no_fault() -> None:
    without = told(said("deal.changed", "03-02 09:00", subject="l", deal="d", amount="100"))
    assert without["pipeline_count"] == 1
    unpriced = ("pipeline_amount", "pipeline_created", "funnel_realisation_value")
    assert without.parts("unpriced_facts") == dict.fromkeys(unpriced, 1)
    never = told(deal("03-02 09:00"))
    assert never["pipeline_count"] == 1
    assert "unpriced_facts" not in never


def test_amount_that_is_cleared_leaves_the_pipeline() -> None:
    found = told(deal("03-02 09:00", amount="100"), deal("03-05 09:00", amount=None))
    assert days(found, "pipeline_amount") == {"03-02": "100.00", "03-05": "0.00", "03-20": "0.00"}
    assert found["pipeline_count"] == 1
    assert "unpriced_facts" not in found


@pytest.mark.parametrize("owner", ["now", "event"])
def test_stock_of_a_past_day_is_the_reps_of_then_if_so_defined(tmp_path: Path, owner: str) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(f'[definitions]\nowner = "{owner}"\n')
    events: list[Said] = [
        deal("03-01 09:00", amount="100", rep="ann", stage="a"),
        deal("03-03 09:00", stage="b"),
        deal("03-05 09:00", rep="bob", amount="300"),
        deal("03-07 09:00", status="lost"),
        deal("03-09 09:00", status="open", rep="cyd"),
    ]
    found = told(*events, rules=rules)
    assert found["pipeline_amount"] == "300.00"
    reps = {rep: days(found, "pipeline_amount", f"rep={rep}") for rep in ("ann", "bob", "cyd")}
    if owner == "now":
        assert reps["ann"] == reps["bob"] == {}
        assert reps["cyd"]["03-01"] == "100.00"
    else:
        assert reps == {
            "ann": {"03-01": "100.00", "03-05": "0.00", "03-20": "0.00"},
            "bob": {"03-05": "300.00", "03-07": "0.00", "03-20": "0.00"},
            "cyd": {"03-09": "300.00", "03-20": "300.00"},
        }


def test_open_deal_moves_with_its_lead_where_facts_are_the_reps_of_then(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[definitions]\nowner = "event"\n')
    found = told(
        lead("03-01 09:00", rep="ann"),
        deal("03-02 09:00", amount="100", expected_close="2026-03-03"),
        said("lead.assigned", "03-10 09:00", subject="lead-1", rep="bob"),
        rules=rules,
    )
    for kpi, begun in (("pipeline_amount", "03-02"), ("expired_pipeline", "03-04")):
        assert days(found, kpi, "rep=ann") == {begun: "100.00", "03-10": "0.00", "03-20": "0.00"}
        assert days(found, kpi, "rep=bob") == {"03-10": "100.00", "03-20": "100.00"}
        assert days(found, kpi) == {begun: "100.00", "03-20": "100.00"}


def test_revived_deal_is_as_if_it_had_never_been_deleted() -> None:
    opened = deal("02-10 09:00", amount="100", stage="a")
    gone = said("deal.deleted", "03-01 09:00", subject="lead-1", deal="deal-1")
    assert told(opened, gone).records == []
    revived = told(opened, gone, deal("03-05 09:00", stage="b"))
    assert days(revived, "pipeline_amount") == {"02-10": "100.00", "03-20": "100.00"}
