"""How hard do reps try, and what does it bring: by hand."""

import pytest

from tests.kpis.story import (
    call,
    calls,
    email,
    lead,
    member,
    told,
    won,
)


def test_call_count_is_of_outbound_calls_answered_or_not() -> None:
    found = told(
        call("03-10 09:00"),
        call("03-10 09:10", outcome="busy"),
        call("03-10 09:20", automated=True),
        call("03-10 09:30", direction="inbound"),
    )
    assert found["call_count"] == 3
    assert found["call_count", "rep=ann"] == 3


def test_calls_without_a_lead_are_their_reps() -> None:
    found = told(call("03-10 09:00", "rep:bob", rep="bob"), call("03-10 09:01", rep="bob"))
    assert found["call_count", "rep=bob"] == 2
    assert found["call_count", "all", "hour", "2026-03-10T09"] == 2


def test_connect_rate_is_calls_answered_of_calls_made() -> None:
    outcomes = ("connected", "no_answer", "voicemail", "busy")
    found = told(*(call(f"03-10 09:0{n}", outcome=it) for n, it in enumerate(outcomes)))
    assert found["connect_rate"] == 1 / 4


def test_followup_contacts_are_the_touches_a_lead_gets_on_average() -> None:
    found = told(
        *(lead("03-10 09:00", subject, rep="bob") for subject in ("lead-1", "lead-2")),
        call("03-10 08:00"),
        call("03-10 10:00"),
        email("03-15 10:00"),
        call("03-15 11:00", automated=True),
    )
    # Three touches of lead-1 (one of them before it came in), none of lead-2.
    assert found.parts("followup_contacts") == {"sum": 3, "count": 2}
    assert found["followup_contacts", "rep=bob"] == 1.5


def test_single_touch_share_is_over_leads_that_were_touched() -> None:
    found = told(
        *(lead("03-10 09:00", f"lead-{n}") for n in (1, 2, 3)),
        call("03-10 10:00", "lead-1"),
        call("03-10 10:00", "lead-2"),
        call("03-11 10:00", "lead-2"),
    )
    # lead-1 once, lead-2 twice, lead-3 never.
    assert found["single_touch_share"] == 1 / 2


@pytest.mark.parametrize(
    ("touches", "label"), [(0, "0"), (4, "4"), (11, "11"), (12, "12+"), (13, "12+")]
)
def test_wins_by_contact_name_twelve_and_more_in_one(touches: int, label: str) -> None:
    found = told(*calls(touches, "03-09"), won("03-10 09:00"))
    assert found.parts("wins_by_contact") == {label: 1}


def test_wins_by_contact_leave_out_the_touch_of_the_wins_own_instant() -> None:
    found = told(call("03-10 08:59"), call("03-10 09:00"), won("03-10 09:00"))
    assert found.parts("wins_by_contact") == {"1": 1}


def test_two_wins_on_fifty_calls_are_forty_per_thousand() -> None:
    found = told(*calls(50, "03-09"), won("03-10 09:00"), won("03-10 09:00", "deal-2"))
    assert found["contact_quality"] == 1000 * 2 / 50 == 40.0
    assert found.parts("contact_quality") == {"numerator": 2, "denominator": 50}


def test_the_benchmark_is_32_deals_per_1000_calls() -> None:
    deals = [won("03-10 09:00", f"deal-{n}") for n in range(4)]
    assert told(*calls(125, "03-09"), *deals)["contact_quality"] == 32.0


def test_contact_quality_without_calls_is_null() -> None:
    found = told(won("03-10 09:00", rep="ann"))
    assert found.parts("contact_quality", "rep=ann") == {"numerator": 1, "denominator": 0}
    assert found["contact_quality", "rep=ann"] is None


def test_contact_quality_sets_the_deals_rep_against_the_callers() -> None:
    found = told(
        call("03-09 09:00", rep="ann"),
        call("03-09 09:01", rep="bob"),
        won("03-10 09:00", rep="bob"),
        member("ann", department="field"),
        member("bob", department="field"),
    )
    assert found["contact_quality", "rep=ann"] == 0.0
    assert found["contact_quality", "rep=bob"] == 1000.0
    assert found["contact_quality", "department=field"] == 500.0


def test_cold_call_yield_is_over_cold_calls_and_the_deals_they_led_to() -> None:
    found = told(
        *calls(3, "03-09", cold=True),
        *calls(5, "03-08"),
        won("03-10 09:00"),
        won("03-10 09:00", "deal-2", subject="lead-2"),
        call("03-09 09:00", "lead-2"),
        call("03-09 09:00", "rep:ann", cold=True),
        call("03-09 09:01", cold=True, direction="inbound"),
    )
    # lead-1 had 3 cold calls and a win; lead-2's win came without one; 1 cold call led nowhere.
    assert found.parts("cold_call_yield") == {"numerator": 1, "denominator": 4}
    assert found["cold_call_yield"] == 250.0


def test_inbound_call_is_never_cold() -> None:
    found = told(call("03-09 09:00", cold=True, direction="inbound"), won("03-10 09:00"))
    assert "cold_call_yield" not in found
