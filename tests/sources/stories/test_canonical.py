"""Canonical events inside CloudEvents and Standard Webhooks, in each of their forms."""

import json
from typing import Any

import pytest

from streams.sources.delivery import Delivery
from tests.kpis.story import call, deal, invoice, lead, paid, won
from tests.sources.stories.comparing import check_same, single
from tests.sources.translated import delivery, outcome

Event = dict[str, Any]
STORY: list[Event] = [
    lead("03-01 08:00", rep="ann"),
    call("03-01 09:00", seconds=42),
    deal("03-02 09:00", amount="1250.50", stage="proposal", probability=0.5),
    won("03-04 09:00", amount="1250.50"),
    invoice("03-09 09:00", "1250.50", "03-31"),
    paid("03-10 09:00", "1250.50"),
]
ATTRIBUTES = ("id", "type", "at", "subject")


def attributes(event: Event, source: str = "/crm/acme") -> dict[str, str]:
    """The attributes of the CloudEvent that holds an event."""
    return {
        "specversion": "1.0",
        "id": event["id"],
        "source": source,
        "type": event["type"],
        "time": event["at"],
        "subject": event["subject"],
    }


def data(event: Event) -> Event:
    """The fields that only this type of event has."""
    return {name: value for name, value in event.items() if name not in ATTRIBUTES}


def structured(event: Event) -> Event:
    """A CloudEvent that is one JSON object."""
    return attributes(event) | {"datacontenttype": "application/json", "data": data(event)}


def one_by_one() -> list[Delivery]:
    """Each event a request."""
    return [delivery("cloudevents", structured(event)) for event in STORY]


def batch() -> list[Delivery]:
    """All events in one request."""
    return [delivery("cloudevents", [structured(event) for event in STORY])]


def binary() -> list[Delivery]:
    """The attributes are headers."""
    return [
        delivery(
            "cloudevents",
            data(event),
            headers={f"ce-{name}": value for name, value in attributes(event).items()},
        )
        for event in STORY
    ]


@pytest.mark.parametrize("form", [one_by_one, batch, binary])
def test_cloudevents_give_the_kpis_of_the_events_they_hold(form: Any) -> None:
    check_same("cloudevents", form(), STORY)


def webhook(event: Event, number: int = 1) -> Delivery:
    """A Standard Webhook that holds an event."""
    body = {"type": event["type"], "timestamp": event["at"]}
    inner = data(event) | {"subject": event["subject"]}
    return delivery("standardwebhooks", body | {"data": inner}, headers=sent(number))


def sent(number: int) -> dict[str, str]:
    """The headers of a Standard Webhook that are kept."""
    return {"webhook-id": f"msg_{number}"}


def test_standard_webhooks_give_the_kpis_of_the_events_they_hold() -> None:
    check_same("standardwebhooks", [webhook(each, n) for n, each in enumerate(STORY)], STORY)


def test_source_and_id_of_a_cloudevent_together_are_its_id() -> None:
    ids = {
        single("cloudevents", structured(STORY[0]) | {"source": source})["id"]
        for source in ("/crm/acme", "/crm/other")
    }
    assert ids == {f"/crm/acme {STORY[0]['id']}", f"/crm/other {STORY[0]['id']}"}


def test_message_id_is_the_id_over_all_tries() -> None:
    found = single("standardwebhooks", json.loads(webhook(STORY[1]).body), headers=sent(7))
    assert found["id"] == "msg_7"


def test_id_inside_goes_before_that_of_the_message() -> None:
    body = json.loads(webhook(STORY[1]).body)
    body["data"] |= {"id": "own", "at": "2026-03-05T09:00:00+03:30"}
    found = single("standardwebhooks", body, headers=sent(7))
    assert (found["id"], found["at"]) == ("own", "2026-03-05T05:30:00Z")


def test_type_that_is_not_known_is_a_dead_letter() -> None:
    (found,) = outcome("cloudevents", structured(STORY[0]) | {"type": "com.acme.other"}).unmapped
    assert (found.field, found.reason) == ("type", "unknown type 'com.acme.other'")


def test_money_that_is_a_number_is_a_dead_letter() -> None:
    body = structured(STORY[2])
    body["data"] = body["data"] | {"amount": 12.5}
    (found,) = outcome("cloudevents", body).unmapped
    assert (found.field, found.reason) == (
        "amount",
        'money is a text such as "1234.50", not a number',
    )
