"""SendGrid's mail as it reports it, and as canonical events."""

from typing import Any

from tests.kpis.story import click, email, lead, said
from tests.sources.stories.comparing import check_same, person, seconds, single
from tests.sources.translated import delivery, outcome

KIM = "kim@example.com"


def reported(number: int, event: str, at: str, **fields: Any) -> dict[str, Any]:
    """One report of ann's mail to Kim."""
    return {
        "email": KIM,
        "event": event,
        "timestamp": seconds(at),
        "sg_event_id": f"event-{number}",
        "sg_message_id": "mail-1.filter-1",
        "rep": "ann",
        **fields,
    }


def test_mail_gives_the_kpis_of_the_same_mail_as_canonical_events() -> None:
    kim = said("subject.merged", "03-01 08:00", subject=person("email", KIM), into="lead-1")
    beside = [lead("03-02 09:00", rep="ann"), kim]
    other = {"sg_message_id": "mail-2.filter-1", "email": " Kim@Example.com "}
    story = [
        delivery("sendgrid", [reported(1, "processed", "03-02 09:10", links="2")]),
        delivery(
            "sendgrid",
            [
                reported(2, "delivered", "03-02 09:11"),
                reported(3, "open", "03-02 09:30"),
                reported(4, "click", "03-02 09:31", url="https://example.com/offer"),
                reported(5, "click", "03-02 09:35", url="https://example.com/terms"),
                reported(6, "processed", "03-03 10:00", **other),
            ],
        ),
        delivery("sendgrid", [reported(7, "bounce", "03-03 10:01", **other)]),
    ]
    canonical = [
        email("03-02 09:10", links=2),
        click("03-02 09:31"),
        click("03-02 09:35"),
        email("03-03 10:00", "mail-2"),
    ]
    check_same("sendgrid", story, canonical, beside)


def test_mail_without_a_rep_is_automated() -> None:
    found = single("sendgrid", [reported(1, "processed", "03-02 09:10", rep=None)])
    assert (found["rep"], found["automated"]) == ("unassigned", True)


def test_dropped_mail_was_never_sent() -> None:
    assert outcome("sendgrid", [reported(1, "dropped", "03-02 09:10")]).events == []


def test_address_is_kept_as_a_keyed_hash_alone() -> None:
    assert (
        b"example.com"
        not in outcome("sendgrid", [reported(1, "processed", "03-02 09:10")]).events[0]
    )
