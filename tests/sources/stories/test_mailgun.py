"""Mailgun's mail as it reports it, and as canonical events."""

from typing import Any

from streams.sources.delivery import Delivery
from tests.kpis.story import click, email, lead, said
from tests.sources.stories.comparing import check_same, person, seconds, single
from tests.sources.translated import delivery, outcome

KIM = "kim@example.com"


def reported(
    number: int, event: str, at: str, mail: str = "1@acme.example.com", **fields: Any
) -> Delivery:
    """One report of ann's mail to Kim."""
    usual = {
        "id": f"event-{number}",
        "event": event,
        "timestamp": seconds(at),
        "recipient": KIM,
        "message": {"headers": {"message-id": mail, "to": f"Kim <{KIM}>"}},
        "user-variables": {"rep": "ann", "links": "2"},
    }
    signature = {"timestamp": str(seconds(at)), "token": f"{number:050}", "signature": "00"}
    return delivery("mailgun", {"signature": signature, "event-data": usual | fields})


def test_mail_gives_the_kpis_of_the_same_mail_as_canonical_events() -> None:
    kim = said("subject.merged", "03-01 08:00", subject=person("email", KIM), into="lead-1")
    beside = [lead("03-02 09:00", rep="ann"), kim]
    automatic: dict[str, Any] = {"user-variables": {}}
    story = [
        reported(1, "accepted", "03-02 09:10"),
        reported(2, "delivered", "03-02 09:11"),
        reported(3, "opened", "03-02 09:30"),
        reported(4, "clicked", "03-02 09:31", url="https://example.com/offer"),
        reported(5, "accepted", "03-03 10:00", "2@acme.example.com", **automatic),
        reported(6, "failed", "03-03 10:01", "2@acme.example.com", **automatic),
    ]
    canonical = [
        email("03-02 09:10", links=2),
        click("03-02 09:31"),
        email("03-03 10:00", "mail-2", rep="unassigned", automated=True),
    ]
    check_same("mailgun", story, canonical, beside)


def test_fraction_of_a_second_is_kept_exactly() -> None:
    body = reported(1, "clicked", "03-02 09:10", timestamp=1772529000.25).body
    assert single("mailgun", body)["at"] == "2026-03-03T09:10:00.250000Z"


def test_address_is_kept_as_a_keyed_hash_alone() -> None:
    assert b"kim" not in outcome("mailgun", reported(1, "accepted", "03-02 09:10").body).events[0]


def test_form_of_the_legacy_webhooks_is_a_dead_letter() -> None:
    (found,) = outcome("mailgun", b"event=clicked&recipient=kim%40example.com").unmapped
    assert found.item == 0
