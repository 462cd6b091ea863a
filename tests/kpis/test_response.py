"""How fast and how surely are leads answered: by hand."""

import pytest

from tests.kpis.story import (
    DAY,
    HOUR,
    MINUTE,
    call,
    email,
    lead,
    member,
    said,
    told,
)


def three_answered() -> list[dict[str, object]]:
    """Three leads of 10 March, answered after 10, 20 and 90 minutes."""
    waits = {"lead-1": "09:10", "lead-2": "09:20", "lead-3": "10:30"}
    return [
        event
        for subject, touch in waits.items()
        for event in (lead("03-10 09:00", subject), call(f"03-10 {touch}", subject))
    ]


def test_response_time_is_the_mean_wait_for_the_first_touch() -> None:
    found = told(*three_answered())
    assert found["response_time"] == (10 + 20 + 90) * MINUTE // 3
    assert found.parts("response_time") == {"sum": 120 * MINUTE, "count": 3}


def test_response_time_has_the_wait_of_the_middle_lead_and_of_the_slowest_tenth() -> None:
    record = told(*three_answered()).record("response_time")
    assert record is not None
    # Nearest ranks of 10, 20, 90: the 2nd (half of 3, rounded up) and the 3rd (2.7, rounded up).
    assert record["percentiles"]["p50"] == pytest.approx(20 * MINUTE, rel=0.01)
    assert record["percentiles"]["p90"] == pytest.approx(90 * MINUTE, rel=0.01)


def test_response_time_is_the_reps_who_touched_not_the_reps_who_was_assigned() -> None:
    events = [lead("03-10 09:00", rep="bob"), call("03-10 09:05", rep="ann")]
    assert told(*events).scopes("response_time") == {"all", "rep=ann"}


@pytest.mark.parametrize(
    "touch",
    [
        call("03-10 09:05", direction="inbound"),
        call("03-10 09:05", automated=True),
        email("03-10 09:05", automated=True),
        call("03-10 08:55"),
        said("email.replied", "03-10 09:05", subject="lead-1", email="mail-1"),
    ],
    ids=("inbound", "automated call", "automated email", "before creation", "a reply"),
)
def test_only_a_person_reaching_out_after_creation_answers_a_lead(
    touch: dict[str, object],
) -> None:
    found = told(lead("03-10 09:00"), touch, email("03-10 09:30"))
    assert found["response_time"] == 30 * MINUTE


def test_response_time_has_hours_of_the_day_too() -> None:
    found = told(*three_answered())
    assert found["response_time", "all", "hour", "2026-03-10T09"] == 40 * MINUTE


def test_two_of_three_leads_answered_within_the_hour() -> None:
    found = told(*three_answered())
    assert found.parts("response_within_hour") == {"hits": 2, "total": 3}
    assert found["response_within_hour"] == 2 / 3


@pytest.mark.parametrize(("touch", "share"), [("10:00:00", 1.0), ("10:00:01", 0.0)])
def test_an_hour_to_the_second_is_within_the_hour(touch: str, share: float) -> None:
    found = told(lead("03-10 09:00"), call(f"03-10 {touch}"))
    assert found["response_within_hour"] == share


def test_unanswered_lead_spoils_the_share_of_its_own_rep_once_its_hour_is_over() -> None:
    waiting = lead("03-10 09:00", rep="bob")
    assert ("response_within_hour",) not in told(waiting, now="2026-03-10T10:00:00.000Z")
    assert told(waiting, now="2026-03-10T10:00:00.001Z")["response_within_hour", "rep=bob"] == 0.0


def test_unanswered_lead_appears_after_one_hour() -> None:
    waiting = lead("03-10 09:00", channel="web")
    assert "unanswered_leads" not in told(waiting, now="2026-03-10T09:59:59.999Z")
    found = told(waiting, now="03-10 10:00")
    assert found["unanswered_leads"] == 1
    assert found["unanswered_leads", "channel=web"] == 1


def test_unanswered_lead_goes_at_the_touch() -> None:
    events = [lead("03-10 09:00"), call("03-12 15:00")]
    assert told(*events, now="2026-03-12T14:59:59.999Z")["unanswered_leads"] == 1
    assert told(*events, now="03-12 15:00")["unanswered_leads"] == 0


def test_unanswered_lead_stays_in_the_days_it_waited_through() -> None:
    found = told(lead("03-10 09:00"), call("03-12 15:00"))
    by_day = [found.record("unanswered_leads", "all", "day", f"2026-03-{d}") for d in (10, 11, 12)]
    # No step falls on the 11th, so nothing is published for it.
    assert [record and record["value"] for record in by_day] == [1, None, 0]


def test_disqualified_lead_waits_no_longer() -> None:
    given_up = said("lead.disqualified", "03-11 09:00", subject="lead-1")
    assert told(lead("03-10 09:00"), given_up)["unanswered_leads"] == 0


@pytest.mark.parametrize("ending", ["03-10 09:59", "03-10 10:00"])
def test_lead_touched_within_the_hour_was_never_unanswered(ending: str) -> None:
    assert "unanswered_leads" not in told(lead("03-10 09:00"), call(ending))


def test_subject_that_is_no_lead_is_in_no_answer() -> None:
    found = told(call("03-10 09:00"))
    assert not {record["kpi"] for record in found.records} & {
        "response_time",
        "response_within_hour",
        "unanswered_leads",
    }


def test_a_weekend_is_not_left_out_of_a_wait() -> None:
    found = told(lead("03-13 17:00"), call("03-16 09:00"), member("ann", team="north"))
    assert found["response_time", "team=north"] == 2 * DAY + 16 * HOUR
