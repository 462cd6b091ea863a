"""What every KPI's record says beside its value: the window before, finality, scopes, waiting."""

from typing import Any

import pytest

from tests.kpis.story import (
    call,
    lead,
    member,
    told,
    won,
)


def test_previous_is_the_window_before_and_change_the_difference() -> None:
    record = told(
        won("02-10 09:00", amount="200.50"), won("03-10 09:00", "deal-2", "150.25")
    ).record("revenue_won")
    assert record is not None
    assert (record["previous"], record["change"]) == ("200.50", "-50.25")


def test_previous_of_a_rolling_window_is_as_many_days_before_it() -> None:
    record = told(
        lead("03-07 09:00"), lead("03-13 23:59", "lead-2"), lead("03-14 00:00", "lead-3")
    ).record("lead_count", "all", "last_7d")
    assert record is not None
    # 14 to 20 March: one. 7 to 13 March: two.
    assert (record["value"], record["previous"], record["change"]) == (1, 2, -1)


def test_count_before_the_first_fact_is_zero_and_a_rate_is_null() -> None:
    found = told(call("03-10 09:00"))
    count, share = (found.record(name) for name in ("call_count", "connect_rate"))
    assert count is not None
    assert share is not None
    assert (count["previous"], count["change"]) == (0, 1)
    assert (share["previous"], share["change"]) == (None, None)


def test_change_of_a_rate_does_not_end_in_noise() -> None:
    def tried(day: str, connected: int) -> list[dict[str, object]]:
        outcomes = ["connected"] * connected + ["busy"] * (10 - connected)
        return [call(f"{day} 09:0{n}", outcome=it) for n, it in enumerate(outcomes)]

    record = told(*tried("02-10", 1), *tried("03-10", 3)).record("connect_rate")
    assert record is not None
    assert record["change"] == 0.2  # 0.3 - 0.1 is 0.19999999999999998 in binary


@pytest.mark.parametrize(
    ("now", "lateness_ms", "final"),
    [
        ("2026-03-10T23:59:59.999Z", 0, False),
        ("2026-03-11T00:00:00Z", 0, True),
        ("2026-03-11T23:59:59.999Z", 86_400_000, False),
        ("2026-03-12T00:00:00Z", 86_400_000, True),
    ],
)
def test_window_is_final_once_it_has_ended_and_the_lateness_has_passed(
    now: str, lateness_ms: int, final: bool
) -> None:
    found = told(lead("03-10 09:00"), now=now, lateness_ms=lateness_ms)
    record = found.record("lead_count", "all", "day", "2026-03-10")
    assert record is not None
    assert record["final"] is final


def test_rolling_window_is_never_final() -> None:
    record = told(lead("03-10 09:00"), lateness_ms=0).record("lead_count", "all", "last_15d")
    assert record is not None
    assert record["final"] is False


def test_as_of_is_now_or_the_end_of_what_is_over() -> None:
    found = told(lead("03-10 09:00"), now="2026-03-20T12:00:00.250Z", timezone="Asia/Tehran")
    running = found.record("lead_count")
    over = found.record("lead_count", "all", "day", "2026-03-10")
    assert running is not None
    assert over is not None
    assert running["as_of"] == "2026-03-20T15:30:00.250+03:30"
    assert over["as_of"] == over["end"] == "2026-03-11T00:00:00+03:30"


@pytest.mark.parametrize(
    ("window", "start", "options"),
    [
        ("week", "2026-03-09", {}),
        ("week", "2026-03-08", {"week_start": 6}),
        ("quarter", "2026-01-01", {}),
        ("quarter", "2026-02-01", {"fiscal_start": 2}),
        ("year", "2026-01-01", {}),
        ("year", "2025-04-01", {"fiscal_start": 4}),
    ],
)
def test_weeks_and_fiscal_years_begin_as_set(
    window: str, start: str, options: dict[str, Any]
) -> None:
    found = told(lead("03-10 09:00"), **options)
    assert found["lead_count", "all", window, start] == 1


def test_day_is_the_reporting_zones() -> None:
    found = told(lead("03-10 21:00"), timezone="Asia/Tehran")
    assert found["lead_count", "all", "day", "2026-03-11T00:00:00+03:30"] == 1


def test_hour_is_followed_by_the_next_where_the_clock_changes_by_half_an_hour() -> None:
    # At 02:00 on 5 April the clock of Lord Howe is set back to 01:30.
    found = told(
        call("2026-04-05T01:10:00+11:00"),
        call("2026-04-05T01:50:00+11:00"),
        call("2026-04-05T01:31:00+10:30"),
        call("2026-04-05T02:10:00+10:30"),
        timezone="Australia/Lord_Howe",
        now="2026-04-06T00:00:00Z",
    )
    hours = sorted(
        (r["start"], r["end"], r["value"], r["previous"])
        for r in found.records
        if (r["kpi"], r["window"], r["scope"]) == ("call_count", "hour", {})
    )
    # In the order of their texts: the second begins at the later 01:30.
    assert hours == [
        ("2026-04-05T01:00:00+11:00", "2026-04-05T01:30:00+10:30", 2, 0),
        ("2026-04-05T01:30:00+10:30", "2026-04-05T02:00:00+10:30", 1, 2),
        ("2026-04-05T02:00:00+10:30", "2026-04-05T03:00:00+10:30", 1, 1),
    ]


def test_time_finer_than_a_millisecond_is_floored() -> None:
    found = told(lead("2026-03-10T23:59:59.999999Z"))
    assert found["lead_count", "all", "day", "2026-03-10"] == 1


def test_time_finer_than_a_microsecond_is_floored_too() -> None:
    found = told(lead("2026-03-10T23:59:59.9999999Z"))
    assert found["lead_count", "all", "day", "2026-03-10"] == 1


def test_fact_in_the_future_waits_for_its_time() -> None:
    assert told(lead("03-10 09:00"), now="2026-03-10T08:59:59.999Z").records == []
    assert told(lead("03-10 09:00"), now="03-10 09:00")["lead_count"] == 1


def test_rep_who_changes_team_brings_the_past_along() -> None:
    events = [
        won("01-10 09:00", amount="200", rep="ann"),
        member("ann", team="north", department="field", unit="europe"),
    ]
    moved = member("ann", at="03-19 09:00", team="south", department="field", unit="europe")
    january = ("month", "2026-01")
    assert told(*events)["revenue_won", "team=north", *january] == "200.00"
    found = told(*events, moved)
    assert ("revenue_won", "team=north", *january) not in found
    assert found["revenue_won", "team=south", *january] == "200.00"
    assert found["revenue_won", "department=field", *january] == "200.00"
    assert found["revenue_won", "unit=europe", *january] == "200.00"


def test_team_adds_up_its_reps() -> None:
    found = told(
        *(won("03-10 09:00", rep, "100", rep=rep) for rep in ("ann", "bob", "cyd")),
        *(member(rep, team="north") for rep in ("ann", "bob")),
    )
    assert found["revenue_won", "team=north"] == "200.00"
    assert found["revenue_won"] == "300.00"


def test_empty_dimension_is_no_scope() -> None:
    found = told(lead("03-10 09:00", channel="", rep="ann"), member("ann", team=""))
    assert found.scopes("lead_count") == {"all", "rep=ann"}


def test_event_corrected_under_its_id_counts_as_corrected() -> None:
    first = call("03-10 09:00", outcome="busy") | {"id": "call-1"}
    second = call("03-10 09:01", outcome="connected") | {"id": "call-1"}
    for events in ([first, second], [second, first]):
        assert told(*events).parts("connect_rate") == {"hits": 1, "total": 1}


def test_hour_is_as_long_as_the_clock_makes_it_where_half_an_hour_is_left_out() -> None:
    # At 02:00 on 4 October the clock of Lord Howe is set on to 02:30.
    found = told(
        call("2026-10-04T01:50:00+10:30"),
        call("2026-10-04T02:40:00+11:00"),
        call("2026-10-04T02:50:00+11:00"),
        call("2026-10-04T03:10:00+11:00"),
        timezone="Australia/Lord_Howe",
        now="2026-10-05T00:00:00Z",
    )
    hours = sorted(
        (r["start"][11:], r["end"][11:], r["value"], r["previous"])
        for r in found.records
        if (r["kpi"], r["window"], r["scope"]) == ("call_count", "hour", {})
    )
    assert hours == [
        ("01:00:00+10:30", "02:30:00+11:00", 1, 0),
        ("02:30:00+11:00", "03:00:00+11:00", 2, 1),
        ("03:00:00+11:00", "04:00:00+11:00", 1, 2),
    ]
