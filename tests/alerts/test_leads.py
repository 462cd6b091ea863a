"""Leads that wait: raised and withdrawn at exactly which instant."""

import pytest

from tests.alerts.current import current_alerts, kinds
from tests.kpis.story import (
    Said,
    call,
    deal,
    email,
    lead,
    said,
    won,
)

UNANSWERED = "lead_unanswered"
ONE_TOUCH = "lead_one_touch"


@pytest.mark.parametrize(
    ("now", "holds"), [("2026-03-10T09:59:59.999Z", False), ("03-10 10:00", True)]
)
def test_lead_is_unanswered_from_the_end_of_its_first_hour_on(now: str, holds: bool) -> None:
    assert (UNANSWERED in kinds(lead("03-10 09:00"), now=now)) is holds


def test_unanswered_lead_names_rep_since_and_rule() -> None:
    found = current_alerts(
        lead("03-10 09:00", rep="ann"), now="03-11 08:00", timezone="Asia/Tehran"
    )
    assert found == {
        "lead_unanswered|lead-1": {
            "kind": "lead_unanswered",
            "subject": "lead-1",
            "rep": "ann",
            "since": "2026-03-10T13:30:00+03:30",
            "amount": None,
            "currency": None,
            "rule": {"after_ms": 3_600_000, "max_age_ms": 30 * 86_400_000},
            "text": "No person has called or written to lead lead-1 within 1 h of its coming.",
            "updated_at": "2026-03-11T11:30:00+03:30",
        }
    }


@pytest.mark.parametrize("kind", [UNANSWERED, ONE_TOUCH])
def test_alert_of_a_lead_names_its_channel_where_there_is_one(kind: str) -> None:
    touches = [] if kind == UNANSWERED else [call("03-10 09:10")]
    with_channel = current_alerts(lead("03-10 09:00", channel="web"), *touches, now="03-13 09:00")
    without = current_alerts(lead("03-10 09:00"), *touches, now="03-13 09:00")
    assert with_channel[f"{kind}|lead-1"]["channel"] == "web"
    assert "channel" not in without[f"{kind}|lead-1"]


@pytest.mark.parametrize(
    "ending",
    [
        call("03-12 15:00"),
        email("03-12 15:00"),
        said("lead.disqualified", "03-12 15:00", subject="lead-1"),
        won("03-12 15:00"),
    ],
    ids=("call", "email", "given up", "won"),
)
def test_lead_is_unanswered_until_somebody_does_something(ending: Said) -> None:
    events = [lead("03-10 09:00"), ending]
    assert UNANSWERED in kinds(*events, now="2026-03-12T14:59:59.999Z")
    assert UNANSWERED not in kinds(*events, now="03-12 15:00")


@pytest.mark.parametrize(
    "event",
    [
        call("03-10 08:00"),
        call("03-10 09:30", automated=True),
        call("03-10 09:30", direction="inbound"),
        deal("03-10 09:30", status="lost"),
    ],
    ids=("before it came", "automated", "inbound", "lost"),
)
def test_what_answers_no_lead_leaves_it_unanswered(event: Said) -> None:
    assert UNANSWERED in kinds(lead("03-10 09:00"), event, now="03-10 10:00")


def test_lead_answered_within_the_hour_was_never_unanswered() -> None:
    events = [lead("03-10 09:00"), call("03-10 10:00")]
    assert UNANSWERED not in kinds(*events, now="03-10 10:00")


def test_subject_that_never_came_as_a_lead_has_no_alert() -> None:
    assert kinds(call("03-10 09:00")) == set()


@pytest.mark.parametrize(
    ("now", "holds"), [("2026-04-09T09:59:59.999Z", True), ("04-09 10:00", False)]
)
def test_lead_unanswered_for_thirty_days_is_an_alert_no_more(now: str, holds: bool) -> None:
    assert (UNANSWERED in kinds(lead("03-10 09:00"), now=now)) is holds


@pytest.mark.parametrize(
    ("now", "holds"), [("2026-03-12T09:29:59.999Z", False), ("03-12 09:30", True)]
)
def test_lead_called_once_is_an_alert_after_two_days(now: str, holds: bool) -> None:
    events = [lead("03-10 09:00"), call("03-10 09:30")]
    assert (kinds(*events, now=now) == {ONE_TOUCH}) is holds


@pytest.mark.parametrize(
    "ending",
    [
        call("03-13 15:00"),
        said("lead.disqualified", "03-13 15:00", subject="lead-1"),
        deal("03-13 15:00", status="lost"),
        deal("03-13 15:00", status="won"),
    ],
    ids=("called again", "given up", "lost", "won"),
)
def test_lead_called_once_waits_until_somebody_does_something(ending: Said) -> None:
    events = [lead("03-10 09:00"), call("03-10 09:30"), ending]
    assert ONE_TOUCH in kinds(*events, now="2026-03-13T14:59:59.999Z")
    assert ONE_TOUCH not in kinds(*events, now="03-13 15:00")


def test_deal_reopened_makes_the_lead_wait_again() -> None:
    events = [lead("03-10 09:00"), call("03-10 09:30"), deal("03-11 09:00", status="lost")]
    assert ONE_TOUCH not in kinds(*events)
    gone = said("deal.deleted", "03-12 09:00", subject="lead-1", deal="deal-1")
    assert ONE_TOUCH in kinds(*events, gone)


def test_merged_leads_wait_as_one() -> None:
    events = [lead("03-10 09:00", "lead-1"), lead("03-10 08:00", "lead-2")]
    merged = said("subject.merged", "03-11 09:00", subject="lead-1", into="lead-2")
    assert current_alerts(*events, merged).keys() == {"lead_unanswered|lead-2"}
    assert kinds(*events, merged, call("03-12 09:00")) == {ONE_TOUCH}


def test_erased_lead_is_no_alert() -> None:
    erased = said("subject.erased", "03-11 09:00", subject="lead-1")
    assert (
        current_alerts(lead("03-10 09:00"), erased, erasure_key="a key of sixteen bytes or more")
        == {}
    )
