"""Which row holds an event, and how an id stays one event wherever its row is."""

import json
from itertools import permutations

import pytest

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.events import Event, decode
from streams.journeys import route
from streams.wiring.catalogue import catalogue
from tests.kpis.story import (
    Said,
    call,
    click,
    deal,
    email,
    instant,
    invoice,
    lead,
    paid,
    said,
    told,
)


def placed(event: Said) -> tuple[str, str]:
    """Say whose set an event belongs to, and the row that holds it."""
    found = decode(json.dumps(event).encode())
    assert isinstance(found, Event)
    return route(found)


@pytest.mark.parametrize(
    "event",
    [
        lead("03-10 09:00"),
        call("03-10 09:00"),
        email("03-10 09:00"),
        click("03-10 09:00"),
        deal("03-10 09:00"),
        said("activity.logged", "03-10 09:00", subject="lead-1", rep="ann", kind="meeting"),
        said("quote.sent", "03-10 09:00", subject="lead-1", quote="q1"),
    ],
    ids=lambda event: str(event["type"]),
)
def test_all_events_of_a_lead_are_in_one_event_set(event: Said) -> None:
    assert placed(event) == placed(lead("01-01 00:00"))
    owner, event_set = placed(event)
    assert owner == event_set


def test_account_is_apart_from_a_lead_of_the_same_name() -> None:
    billed = invoice("03-10 09:00", "5", due="03-31", subject="same")
    assert placed(billed)[0] != placed(lead("03-10 09:00", "same"))[0]
    assert placed(billed) == placed(paid("03-11 09:00", "5", subject="same"))


def test_ids_of_an_account_and_of_a_lead_do_not_clash() -> None:
    events = [
        lead("03-10 09:00", "same") | {"id": "e1"},
        invoice("03-10 09:00", "5", due="03-31", subject="same") | {"id": "e1"},
    ]
    found = told(*events)
    assert found["lead_count"] == 1
    assert found["receivables"] == "5.00"


def test_efforts_of_a_rep_without_a_lead_are_in_many_event_sets() -> None:
    loose = [call(f"03-10 09:{n:02}", "rep:ann") for n in range(60)]
    owners, event_sets = zip(*(placed(event) for event in loose), strict=True)
    assert len(set(owners)) == 1
    assert len(set(event_sets)) > 50


def test_click_is_in_the_event_set_of_its_email() -> None:
    sent, clicked, other = (
        placed(email("03-10 09:00", "mail-1", "rep:ann")),
        placed(click("03-12 09:00", "mail-1", "rep:ann")),
        placed(email("03-10 09:00", "mail-2", "rep:ann")),
    )
    assert sent == clicked
    assert sent != other


def test_same_email_name_of_two_reps_is_two_emails() -> None:
    assert placed(email("03-10 09:00", subject="rep:ann")) != placed(
        email("03-10 09:00", subject="rep:bob")
    )
    found = told(
        email("03-10 09:00", subject="rep:ann", links=1),
        email("03-10 09:00", subject="rep:bob", rep="bob", links=1),
        click("03-10 10:00", subject="rep:bob"),
    )
    assert found["email_clicks"] == found["email_clicks", "rep=bob"] == 1


SENT = email("03-10 09:00", "mail-1", "rep:ann", links=0) | {"id": "e1"}
RENAMED = email("03-10 09:01", "mail-2", "rep:ann", links=1) | {"id": "e1"}
MOVED = email("03-10 09:02", "mail-3", "rep:ann", links=2) | {"id": "e1"}
CALLED = call("03-10 09:02", "rep:ann") | {"id": "e1"}


def test_id_that_changes_its_email_is_still_one_event() -> None:
    for order in permutations([SENT, RENAMED, SENT]):
        found = told(*order)
        # The later version stands: one email, with a link.
        assert found.parts("email_link_share") == {"hits": 1, "total": 1}


def test_id_of_an_email_and_of_a_call_are_two_events() -> None:
    for order in permutations([SENT, RENAMED, CALLED]):
        found = told(*order)
        assert found["call_count"] == 1
        assert found.parts("email_link_share") == {"hits": 1, "total": 1}


def test_id_that_changed_its_event_set_is_restored_in_the_last_one() -> None:
    now = instant("03-20 12:00")
    in_force = catalogue(Settings(now=now))
    before, after = Aggregator(in_force, now), Aggregator(in_force, now)
    elements: dict[bytes, bytes | None] = {}
    for event in (SENT, RENAMED, MOVED):
        read = decode(json.dumps(event).encode())
        assert isinstance(read, Event)
        elements |= dict(before.add(read))
    assert len(elements) == 1
    before.apply_all_pending(now)
    for key, value in elements.items():
        after.restore(key, value)
    while after.rebuild(now):
        pass
    assert after.cells() == before.cells()


def test_id_that_changed_its_event_set_is_in_one_after_a_restore_of_all_its_versions() -> None:
    now = instant("03-20 12:00")
    in_force = catalogue(Settings(now=now))
    before, after = Aggregator(in_force, now), Aggregator(in_force, now)
    for event in (SENT, RENAMED, MOVED):
        read = decode(json.dumps(event).encode())
        assert isinstance(read, Event)
        # The state topic holds each version until it is compacted.
        for key, value in before.add(read):
            after.restore(key, value)
    before.apply_all_pending(now)
    while after.rebuild(now):
        pass
    assert after.cells() == before.cells()
