"""Aircall's calls as it sends them, and as canonical events."""

from typing import Any

from streams.sources.delivery import Delivery
from tests.kpis.story import call, lead, said
from tests.sources.stories.comparing import check_same, person, seconds, single
from tests.sources.translated import delivery, outcome

KIM = "+33 1 99 00 12 34"


def ended(number: int, at: str, event: str = "call.ended", **fields: Any) -> Delivery:
    """A call of user 456 with Kim has ended: outbound and answered, unless told otherwise."""
    usual = {
        "id": number,
        "direction": "outbound",
        "answered_at": seconds(at) - 60,
        "ended_at": seconds(at),
        "duration": 70,
        "voicemail": None,
        "raw_digits": KIM,
        "user": {"id": 456, "email": "ann@acme.example.com"},
    }
    # It is sent about half a minute after the end.
    body = {"resource": "call", "event": event, "timestamp": seconds(at) + 30}
    return delivery("aircall", body | {"data": usual | fields})


def test_calls_give_the_kpis_of_the_same_calls_as_canonical_events() -> None:
    kim = said("subject.merged", "03-01 08:00", subject=person("phone", "33199001234"), into="kim")
    beside = [lead("03-02 09:00", "kim", rep="456"), kim]
    story = [
        ended(1, "03-02 09:11", "call.created"),
        ended(1, "03-02 09:11", answered_at=None),
        ended(2, "03-02 09:30"),
        ended(3, "03-03 10:00", direction="inbound", answered_at=None, voicemail="recording"),
        ended(4, "03-03 11:00", direction="inbound", answered_at=None, user=None),
    ]
    canonical = [
        call("03-02 09:11", "kim", rep="456", outcome="no_answer"),
        call("03-02 09:30", "kim", rep="456", seconds=70),
        call("03-03 10:00", "kim", rep="456", direction="inbound", outcome="voicemail"),
        call("03-03 11:00", "kim", rep="unassigned", direction="inbound", outcome="no_answer"),
    ]
    check_same("aircall", story, canonical, beside)


def test_times_are_read_as_numbers_and_as_texts() -> None:
    body = ended(1, "03-02 09:11", ended_at="2026-03-02T09:11:00.000Z").body
    assert single("aircall", body)["at"] == "2026-03-02T09:11:00Z"


def test_caller_who_hides_the_number_is_under_the_rep() -> None:
    body = ended(1, "03-02 09:11", raw_digits="anonymous").body
    assert single("aircall", body)["subject"] == "rep:456"


def test_number_and_name_of_a_person_are_not_kept() -> None:
    found = outcome("aircall", ended(1, "03-02 09:11").body)
    assert b"9900" not in b"".join(found.events)
    assert b"example.com" not in b"".join(found.events)
