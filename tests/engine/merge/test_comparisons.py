"""Records that change because those they are compared with do: ranks, targets, days before."""

import json

from tests.engine.merge.test_invalidation import Live, month
from tests.kpis.story import (
    deal,
    lead,
    target,
    won,
)

DAY = "day|2026-03-10T00:00:00+00:00"


def rank(live: Live, key: str) -> int | None:
    """Give the rank in a record."""
    found: int | None = json.loads(live.records[key] + b"}")["rank"]
    return found


def test_late_step_of_another_moves_a_rank_in_a_window_that_is_over() -> None:
    live = Live()
    live.send(deal("03-10 09:00", "small", amount="10", rep="small"))
    key = f"pipeline_amount|rep=small|{DAY}"
    assert rank(live, key) == 1
    changed = live.send(deal("01-10 09:00", "big", "b", amount="1000", rep="big"))
    assert key in changed
    assert rank(live, key) == 2
    # Lost before that day, as it turns out: big has nothing left to be compared by.
    changed = live.send(deal("02-10 09:00", "big", "b", status="lost"))
    assert key in changed
    assert rank(live, key) == 1


def test_late_step_writes_only_those_whose_rank_has_changed() -> None:
    live = Live()
    live.send(
        *(
            deal("03-10 09:00", name, name, amount=amount, rep=name)
            for name, amount in (("ann", "100"), ("bob", "50"), ("cyd", "10"))
        )
    )
    changed = live.send(deal("01-10 09:00", "dan", "dan", amount="70", rep="dan"))
    ranked = {key for key in changed if key.endswith(DAY) and key.startswith("pipeline_amount|rep")}
    assert ranked == {f"pipeline_amount|rep={name}|{DAY}" for name in ("bob", "cyd")}


def test_midnight_leaves_ranks_of_a_level_as_they_are() -> None:
    live = Live("03-10 12:00")
    live.send(
        deal("01-10 09:00", "big", "b", amount="1000", rep="big"),
        deal("03-10 09:00", "small", amount="10", rep="small"),
    )
    key = f"pipeline_amount|rep=small|{DAY}"
    assert rank(live, key) == 2
    live.send(now="03-11 00:00")
    assert rank(live, key) == 2
    live.send(now="05-11 00:00")
    assert rank(live, key) == 2


def test_rank_of_a_record_that_only_a_target_makes_follows_the_others() -> None:
    live = Live()
    goal = target("pipeline_amount", "5", scope={"rep": "eve"}, at="01-01 00:00")
    live.send(goal)
    key = month("pipeline_amount", "02", "rep=eve")
    assert rank(live, key) == 1
    assert key in live.send(deal("01-10 09:00", "big", "b", amount="1000", rep="big"))
    assert rank(live, key) == 2


def test_every_day_a_running_month_is_compared_with_a_day_more() -> None:
    live = Live()
    live.send(
        *(won(f"02-{day} 09:00", day, "1", rep="ann") for day in ("20", "21", "22", "28")),
        deal("02-21 12:00", "open", "b", amount="5"),
        won("03-01 09:00", "now", "9", rep="ann"),
    )

    def to_date(scope: str) -> str:
        body = live.records[month("revenue_won", "03", scope)]
        found: str = json.loads(body + b"}")["previous_to_date"]
        return found

    assert (to_date("all"), to_date("rep=ann")) == ("1.00", "1.00")
    assert month("revenue_won", "03") in live.send(now="03-21 00:00")
    assert (to_date("all"), to_date("rep=ann")) == ("2.00", "2.00")
    # Several days at once; then another month, compared with the first day of this one.
    live.send(now="03-30 12:00")
    assert to_date("all") == "4.00"
    live.send(won("04-01 09:00", "next", "9"), now="04-01 12:00")
    april = json.loads(live.records[month("revenue_won", "04")] + b"}")
    assert (april["previous"], april["previous_to_date"]) == ("9.00", "9.00")
    assert b'"previous_to_date":null' in live.records[month("revenue_won", "03")]


def test_late_fact_counts_in_the_days_that_a_running_month_is_compared_with() -> None:
    live = Live()
    live.send(lead("02-05 09:00", "a"), lead("03-05 09:00", "b"))
    key = month("lead_count", "03")
    assert b'"previous_to_date":1' in live.records[key]
    assert key in live.send(lead("02-20 09:00", "c"))
    assert b'"previous_to_date":2' in live.records[key]
    live.send(lead("02-21 09:00", "d"))
    assert b'"previous":3,"change":-2,"previous_to_date":2' in live.records[key]


def test_best_of_the_days_compared_moves_the_others_though_not_the_best_of_the_month() -> None:
    live = Live()
    live.send(
        won("02-05 09:00", "a", "100", partner="north"),
        won("02-25 09:00", "b", "900", partner="south"),
        won("02-26 09:00", "c", "100", partner="south"),
        won("03-05 09:00", "d", "100", partner="north"),
    )
    key = month("partner_quality", "03", "partner=north")
    assert b'"previous_to_date":100.0' in live.records[key]
    # The best of February is south still; of its first 20 days it is west, by revenue.
    assert key in live.send(won("02-06 09:00", "e", "200", partner="west"))
    assert b'"previous_to_date":75.0' in live.records[key]
    # With another day the same best values are other ones.
    live.send(now="03-21 00:00")
    live.send(won("02-06 10:00", "e", "100", partner="west"))
    assert b'"previous_to_date":100.0' in live.records[key]


def test_best_moves_a_record_that_only_a_target_makes() -> None:
    live = Live()
    live.send(
        target("revenue_won", "5", scope={"partner": "north"}, at="03-01 00:00"),
        won("03-05 09:00", "a", "100", partner="south"),
    )
    key = month("partner_quality", "03", "partner=north")
    assert b'"best":{"deal_count":1,"revenue_won":10000}' in live.records[key]
    assert key in live.send(won("03-06 09:00", "b", "200", partner="south"))
    assert b'"best":{"deal_count":2,"revenue_won":30000}' in live.records[key]


def test_target_that_is_set_again_later_makes_records_from_then_on() -> None:
    live = Live()
    live.send(target("lead_count", "5", at="01-10 00:00"))
    assert {month("lead_count", it) in live.records for it in ("01", "02", "03")} == {True}
    changed = live.send(target("lead_count", "6", at="02-10 00:00"))
    assert month("lead_count", "01") in changed
    assert month("lead_count", "01") not in live.records
    assert b'"target":6' in live.records[month("lead_count", "02")]


def test_months_of_a_target_that_passed_between_two_rounds_all_have_their_record() -> None:
    live = Live()
    live.send(target("lead_count", "5", at="03-10 00:00"))
    live.send(now="06-10 12:00")
    for number in ("03", "04", "05"):
        assert b'"final":true' in live.records[month("lead_count", number)]
    assert b'"final":false' in live.records[month("lead_count", "06")]


def test_level_with_a_target_moves_in_every_later_window_of_its_kind() -> None:
    live = Live()
    live.send(target("pipeline_count", "5", scope={"rep": "ann"}, at="01-01 00:00"))
    changed = live.send(deal("01-10 09:00", "a", "a", rep="ann"))
    keys = [month("pipeline_count", it, "rep=ann") for it in ("01", "02", "03")]
    assert {*keys} <= changed
    assert all(b'"value":1' in live.records[key] for key in keys)
