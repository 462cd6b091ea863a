"""Records as they are published, and the law that order and copies do not matter."""

import unicodedata
from datetime import date
from random import Random
from typing import Any

import pytest

from tests.histories import disturbed, history
from tests.oracle import records
from tests.oracle.history.events import milliseconds
from tests.oracle.tests.stories import (
    call,
    deal,
    lead,
    rate,
    rep,
    reported,
    target,
    values,
)

MARCH = "month|2026-03-01T00:00:00+00:00"
DAY_MS = 86_400_000


def test_record_holds_all_its_fields() -> None:
    events = [lead("2026-03-02T05:45:00+03:30"), lead("2026-03-03T05:45:00Z")]
    events[1]["subject"] = "lead-2"
    now = milliseconds("2026-03-03T09:15:00.250Z")
    found = records(events, now=now, timezone="Asia/Tehran")
    record = found["lead_count|all|day|2026-03-03T00:00:00+03:30"]
    assert record == {
        "kpi": "lead_count",
        "scope": {},
        "window": "day",
        "start": "2026-03-03T00:00:00+03:30",
        "end": "2026-03-04T00:00:00+03:30",
        "value": 1,
        "unit": "count",
        "parts": {"count": 1},
        "previous": 1,
        "change": 0,
        "previous_to_date": None,
        "change_to_date": None,
        "rank": None,
        "target": None,
        "attainment": None,
        "met": None,
        "final": False,
        "expected": None,
        "pace": None,
        "projected": None,
        "as_of": "2026-03-03T12:45:00.250+03:30",
    }


@pytest.mark.parametrize(
    ("now", "final"), [("2026-03-03T23:59:59.999Z", False), ("2026-03-04T00:00:00Z", True)]
)
def test_window_is_final_once_the_lateness_has_passed(now: str, final: bool) -> None:
    record = reported([lead("2026-03-02T09:00:00Z")], now)
    ended = record["lead_count|all|day|2026-03-02T00:00:00+00:00"]
    assert ended["final"] is final
    assert ended["as_of"] == "2026-03-03T00:00:00+00:00"


def test_fact_in_the_future_waits() -> None:
    events = [lead("2026-03-02T09:00:00Z")]
    assert reported(events, "2026-03-02T08:59:59.999Z") == {}
    assert reported(events, "2026-03-02T09:00:00Z") != {}


def test_fact_at_a_boundary_belongs_to_the_window_that_begins() -> None:
    found = reported([lead("2026-03-14T00:00:00Z")])
    last_7d = found["lead_count|all|last_7d|2026-03-14T00:00:00+00:00"]
    assert (last_7d["value"], last_7d["previous"]) == (1, 0)


def test_empty_dimension_is_no_scope() -> None:
    found = reported([lead("2026-03-02T09:00:00Z", {"channel": "", "media": "paid"})])
    scopes = {tuple(record["scope"].items()) for record in found.values()}
    assert scopes == {(), (("media", "paid"),)}


def test_mean_before_is_null_and_a_count_before_is_nothing() -> None:
    events = [lead("2026-03-02T09:00:00Z"), call("2026-03-02T09:00:01Z")]
    found = reported(events)
    day = "|all|day|2026-03-02T00:00:00+00:00"
    response, count = found[f"response_time{day}"], found[f"lead_count{day}"]
    assert (response["previous"], response["change"]) == (None, None)
    assert (count["previous"], count["change"]) == (0, 1)


def test_money_before_is_nothing_and_a_change_may_be_negative() -> None:
    won = {"status": "won", "currency": "EUR"}
    events = [
        deal("2026-03-02T09:00:00Z", won | {"amount": "200"}),
        deal("2026-03-03T09:00:00Z", won | {"amount": "199.5", "deal": "d2"}),
    ]
    found = reported(events)
    first = found["revenue_won|all|day|2026-03-02T00:00:00+00:00"]
    second = found["revenue_won|all|day|2026-03-03T00:00:00+00:00"]
    assert (first["previous"], first["change"]) == ("0.00", "200.00")
    assert (second["previous"], second["change"]) == ("200.00", "-0.50")


def test_state_is_that_of_the_instant_and_not_of_what_came_later() -> None:
    events = [
        lead("2026-03-01T09:00:00Z"),
        deal("2026-03-02T09:00:00Z", {"rep": "ann", "amount": "100", "currency": "EUR"}),
        deal("2026-03-08T09:00:00Z", {"rep": "bob", "amount": "300", "status": "won"}),
        call("2026-03-09T09:00:00Z"),
    ]
    then = reported(events, "2026-03-05T12:00:00Z")
    assert then[f"deal_conversion|all|{MARCH}"]["parts"] == {"hits": 0, "total": 1}
    assert not values(then, "response_time")
    assert then[f"pipeline_amount|rep=ann|{MARCH}"]["value"] == "100.00"
    assert not values(then, "pipeline_amount|rep=bob")
    later = reported(events, "2026-03-10T12:00:00Z")
    assert later[f"deal_conversion|all|{MARCH}"]["parts"] == {"hits": 1, "total": 1}
    assert later[f"revenue_won|rep=bob|{MARCH}"]["value"] == "300.00"
    assert later[f"cycle_time|all|{MARCH}"]["value"] == 7 * DAY_MS
    assert later[f"response_time|all|{MARCH}"]["value"] == 8 * DAY_MS


def test_reference_data_of_the_future_is_not_known_yet() -> None:
    dollars = {"amount": "10", "currency": "USD", "status": "won", "rep": "ann"}
    events = [
        deal("2026-03-02T09:00:00Z", dollars),
        rate("USD", "2026-03-01", "0.5") | {"at": "2026-03-09T00:00:00Z"},
        rep("ann", "north", "2026-03-09T00:00:00Z"),
    ]
    then = reported(events, "2026-03-08T12:00:00Z")
    assert not values(then, "revenue_won")
    assert not values(then, "deal_count|team=")
    later = reported(events, "2026-03-09T12:00:00Z")
    assert later[f"revenue_won|team=north|{MARCH}"]["value"] == "5.00"


def test_events_of_two_types_with_one_id_are_two() -> None:
    events = [
        lead("2026-03-02T09:00:00Z") | {"id": "1"},
        call("2026-03-02T09:00:01Z") | {"id": "1"},
    ]
    assert values(reported(events), "response_time|all|month") == {
        "|2026-03-01T00:00:00+00:00": 1000
    }


def test_version_with_the_greater_seq_stands_of_two_at_one_instant() -> None:
    first = call("2026-03-02T09:00:00Z", {"outcome": "connected"}) | {"id": "c1", "seq": 2}
    second = call("2026-03-02T09:00:00Z", {"outcome": "voicemail"}) | {"id": "c1", "seq": 1}
    record = reported([first, second])[f"connect_rate|all|{MARCH}"]
    assert record["parts"] == {"hits": 1, "total": 1}


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"id": "9"}, {"id": "10"}),
        ({"id": "10"}, {"id": "9a"}),
        ({"id": "a", "seq": 9}, {"id": "b", "seq": 10}),
        ({"id": "b"}, {"id": "a", "seq": 1}),
        ({"id": "b", "seq": -1}, {"id": "a"}),
    ],
)
def test_events_of_one_instant_are_in_the_order_of_seq_and_then_id(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    at = "2026-03-02T09:00:00Z"
    events = [deal(at, {"status": "won"}) | later, deal(at, {"status": "lost"}) | earlier]
    assert f"deal_count|all|{MARCH}" in reported(events)
    assert f"deal_count|all|{MARCH}" not in reported(
        [deal(at, {"status": "lost"}) | later, deal(at, {"status": "won"}) | earlier]
    )


def test_labels_are_composed_trimmed_and_cut() -> None:
    decomposed = unicodedata.normalize("NFD", "café")
    events = [
        lead("2026-03-02T09:00:00Z", {"channel": f" {decomposed} ", "campaign": "x" * 201}),
        lead("2026-03-02T09:00:00Z", {"channel": "café", "campaign": "x" * 200}) | {"subject": "b"},
    ]
    scopes = {key.split("|")[1] for key in reported(events) if key.startswith("lead_count|c")}
    assert scopes == {"channel=café", f"campaign={'x' * 199}…", f"campaign={'x' * 200}"}


def test_record_shows_the_hundred_largest_labels_and_the_rest_as_other() -> None:
    at = "2026-03-02T09:00:00Z"
    reasons = [f"r{number:03}" for number in range(260)] + ["other", "other", "r259"]
    events = [
        deal(at, {"deal": f"d{number}", "status": "lost", "reason": reason})
        for number, reason in enumerate(reasons)
    ]
    record = reported(events)[f"lost_reasons|all|{MARCH}"]
    counts = record["parts"]["counts"]
    # r259 twice, other twice, and the first 98 by name; 161 others beside those called so.
    assert counts == {"r259": 2, "other": 163, **dict.fromkeys(reasons[:98], 1)}
    assert record["value"] == 263


def test_rank_of_a_level_compares_all_levels_at_the_end_of_the_window() -> None:
    opened = {"currency": "EUR", "status": "open"}
    events = [
        deal("2026-06-01T09:00:00Z", opened | {"rep": "big", "amount": "1000000"}),
        deal("2026-06-10T09:00:00Z", opened | {"deal": "d2", "rep": "small", "amount": "10"}),
    ]
    key = "pipeline_amount|rep=small|day|2026-06-10T00:00:00+00:00"
    for now in ("2026-06-10T23:00:00Z", "2026-06-11T00:00:00Z", "2026-08-11T00:00:00Z"):
        assert reported(events, now)[key]["rank"] == 2
    first = reported(events, "2026-06-11T00:00:00Z")
    assert first["pipeline_amount|rep=big|day|2026-06-01T00:00:00+00:00"]["rank"] == 1


def test_record_that_only_a_target_makes_is_ranked_too() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", {"rep": "ann", "status": "won", "currency": "EUR"})
        | {"amount": "-5"},
        target("revenue_won", "month", "10", rep="bob"),
    ]
    found = reported(events)
    ranks = [found[f"revenue_won|rep={it}|{MARCH}"]["rank"] for it in ("ann", "bob")]
    assert ranks == [2, 1]


@pytest.mark.parametrize(
    "invalid",
    [
        rate("USD", "2026-03-01", "0"),
        rate("USD", "2026-03-01", "-0.5"),
        target("revenue_wonn", "month", "1"),
        target("revenue_won", "fortnight", "1"),
        target("revenue_won", "month", "1", stage="offer"),
        rep("ann", "north") | {"timezone": "Europe/Atlantis"},
    ],
)
def test_invalid_reference_record_is_no_record(invalid: dict[str, Any]) -> None:
    events = [
        deal("2026-03-02T09:00:00Z", {"rep": "ann", "status": "won", "currency": "USD"})
        | {"amount": "5"}
    ]
    assert reported([*events, invalid]) == reported(events)


def test_invalid_record_leaves_the_valid_one_of_its_key_alone() -> None:
    dollars = {"amount": "10", "currency": "USD", "status": "won"}
    zero = rate("USD", "2026-03-01", "0") | {"id": "later", "at": "2026-03-05T00:00:00Z"}
    events = [deal("2026-03-02T09:00:00Z", dollars), rate("USD", "2026-03-01", "0.5"), zero]
    assert reported(events)[f"revenue_won|all|{MARCH}"]["value"] == "5.00"


def test_later_version_of_an_event_stands() -> None:
    first = {**call("2026-03-02T09:00:00Z", {"outcome": "busy"}), "id": "c1"}
    second = {**call("2026-03-02T09:00:01Z"), "id": "c1"}
    for events in ([first, second], [second, first]):
        rate = reported(events)["connect_rate|all|day|2026-03-02T00:00:00+00:00"]
        assert rate["parts"] == {"hits": 1, "total": 1}


def test_percentiles_are_nearest_ranks() -> None:
    events = []
    for number in range(1, 6):
        created = lead("2026-03-02T09:00:00Z") | {"subject": f"lead-{number}"}
        touched = call(f"2026-03-02T09:0{number}:00Z") | {"subject": f"lead-{number}"}
        events += [created, touched]
    record = reported(events)["response_time|all|day|2026-03-02T00:00:00+00:00"]
    assert record["percentiles"] == {"p50": 180_000, "p90": 300_000}


def test_neither_order_nor_copies_matter() -> None:
    events = history(7, 400, start=date(2026, 1, 5), days=40, reps=5)
    now = milliseconds("2026-02-20T12:00:00Z")
    expected = records(events, now=now)
    assert records(disturbed(events, 1, duplicates=0.5, disorder=0.5), now=now) == expected
    shuffled = events * 2
    Random(3).shuffle(shuffled)
    assert records(shuffled, now=now) == expected
