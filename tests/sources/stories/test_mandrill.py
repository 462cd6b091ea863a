"""Mandrill's mail as it reports it, and as canonical events."""

import json
from typing import Any

from streams.sources.delivery import Delivery
from tests.kpis.story import click, email, lead, said
from tests.sources.stories.comparing import check_same, form, person, seconds
from tests.sources.translated import outcome

KIM = "kim@example.com"


def reported(event: str, at: str, mail: str = "m-1", **metadata: str) -> dict[str, Any]:
    """One report of ann's mail to Kim."""
    message = {"_id": mail, "email": KIM, "metadata": {"rep": "ann"} | metadata}
    return {"event": event, "_id": mail, "ts": seconds(at), "msg": message}


def request(*events: dict[str, Any]) -> Delivery:
    """A request with some reports."""
    return form("mandrill", {"mandrill_events": json.dumps(events)})


def test_mail_gives_the_kpis_of_the_same_mail_as_canonical_events() -> None:
    kim = said("subject.merged", "03-01 08:00", subject=person("email", KIM), into="lead-1")
    beside = [lead("03-02 09:00", rep="ann"), kim]
    story = [
        request(reported("send", "03-02 09:10", links="1"), reported("open", "03-02 09:30")),
        request(reported("click", "03-02 09:31"), reported("click", "03-02 09:35")),
        request(reported("send", "03-03 10:00", "m-2"), reported("hard_bounce", "03-03 10:01")),
        request({"type": "blacklist", "action": "add", "reject": {"email": KIM}}),
    ]
    canonical = [
        email("03-02 09:10", links=1),
        click("03-02 09:31"),
        click("03-02 09:35"),
        email("03-03 10:00", "mail-2"),
    ]
    check_same("mandrill", story, canonical, beside)


def test_webhook_of_an_audience_is_a_dead_letter() -> None:
    (found,) = outcome("mandrill", b"type=subscribe&data[email]=kim%40example.com").unmapped
    assert (found.item, found.reason) == (0, "the form has no field mandrill_events")


def test_address_is_kept_as_a_keyed_hash_alone() -> None:
    found = outcome("mandrill", request(reported("send", "03-02 09:10")).body)
    assert b"example.com" not in found.events[0]
