"""Twilio's calls as it reports them, and as canonical events."""

from typing import Any
from urllib.parse import parse_qsl

import pytest

from streams.sources.delivery import Delivery
from tests.kpis.story import call, lead, said
from tests.sources.stories.comparing import check_same, form, person, single
from tests.sources.translated import outcome

COMPANY, KIM, ALEX = "+14155550100", "+14155550177", "+33199001234"
SID = "CA0000000000000000000000000000000"


def reported(number: int, at: str, status: str = "completed", **fields: str) -> Delivery:
    """One report of the state of an outbound call to Kim."""
    usual = {
        "CallSid": f"{SID}{number}",
        "CallStatus": status,
        "Direction": "outbound-api",
        "From": COMPANY,
        "To": KIM,
        "SequenceNumber": "2",
        "Timestamp": at,
    }
    return form("twilio", usual | fields, query={"rep": "ann"})


def mail_time(day: int, clock: str) -> str:
    """A time in March 2026 as in mail."""
    return f"{day:02} Mar 2026 {clock}:00 +0000"


def test_calls_give_the_kpis_of_the_same_calls_as_canonical_events() -> None:
    kim = said("subject.merged", "03-01 08:00", subject=person("phone", KIM[1:]), into="lead-1")
    beside = [lead("03-02 09:00", rep="ann", channel="web"), kim]
    story = [
        reported(1, mail_time(2, "09:10"), "initiated"),
        reported(1, mail_time(2, "09:11"), "no-answer"),
        reported(2, mail_time(2, "09:29"), "in-progress"),
        reported(2, mail_time(2, "09:30"), CallDuration="42"),
        reported(3, mail_time(3, "10:00"), "busy"),
        reported(4, mail_time(3, "11:00"), AnsweredBy="machine_start", CallDuration="9"),
        reported(5, mail_time(4, "12:00"), Direction="inbound", From=KIM, To=COMPANY),
        reported(6, mail_time(4, "13:00"), To=ALEX, CallDuration="60"),
    ]
    canonical = [
        call("03-02 09:11", outcome="no_answer"),
        call("03-02 09:30", seconds=42),
        call("03-03 10:00", outcome="busy"),
        call("03-03 11:00", outcome="voicemail", seconds=9),
        call("03-04 12:00", direction="inbound"),
        call("03-04 13:00", subject="alex", seconds=60),
    ]
    check_same("twilio", story, canonical, beside)


def test_number_is_kept_as_a_keyed_hash_alone() -> None:
    found = outcome("twilio", reported(1, mail_time(2, "09:11")).body, query={"rep": "ann"})
    assert KIM[1:].encode() not in b"".join(found.events)


@pytest.mark.parametrize("status", ["queued", "ringing", "in-progress", "failed"])
def test_call_that_has_not_ended_or_never_rang_is_ignored(status: str) -> None:
    found = outcome("twilio", reported(1, mail_time(2, "09:11"), status).body)
    assert (found.events, found.unmapped, found.ignored) == ([], [], 1)


@pytest.mark.parametrize(
    "leg", [{"Direction": "inbound", "From": "client:ann"}, {"To": "sip:ann@acme.example.com"}]
)
def test_own_leg_of_a_call_is_no_call_with_a_person(leg: dict[str, str]) -> None:
    assert outcome("twilio", reported(1, mail_time(2, "09:11"), **leg).body).ignored == 1


def test_rep_is_who_has_the_number_where_the_address_names_none() -> None:
    assert by_number()["rep"] == COMPANY


def test_caller_who_hides_the_number_is_under_the_rep() -> None:
    found = by_number(Direction="inbound", From="anonymous", To=COMPANY)
    assert found["subject"] == f"rep:{COMPANY}"


def test_call_without_a_time_is_a_dead_letter_that_names_it() -> None:
    (found,) = outcome("twilio", reported(1, "").body).unmapped
    assert (found.rule, found.field) == ("call", "at")


def test_event_streams_give_the_same_call_as_the_form() -> None:
    fields = dict(parse_qsl(reported(1, mail_time(2, "09:11")).body.decode()))
    kind = "com.twilio.voice.status-callback.call.completed"
    event = {"specversion": "1.0", "type": kind, "id": "NO1", "source": "AB1"}
    stream = [event | {"data": {"request": {"method": "POST", "parameters": fields}}}]
    assert single("twilio", stream) == by_number()


def by_number(**fields: str) -> dict[str, Any]:
    """The event of a call whose address names no rep."""
    return single("twilio", reported(1, mail_time(2, "09:11"), **fields).body)
