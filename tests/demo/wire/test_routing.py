"""Stories that come by webhooks of CRMs give the KPIs of the same stories as canonical events."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest

from streams.demo.simulation.company import REPS, EventData
from streams.demo.simulation.stories import REAL, Market, Story
from streams.demo.simulation.wire import hubspot
from streams.demo.simulation.wire.mappings import write_mappings
from streams.demo.simulation.wire.request import WebhookBody, happened
from streams.demo.simulation.wire.routing import STORIES, Routing
from streams.engine.calendars.calendar import DAY_MS, Calendar
from streams.sources.delivery import Delivery
from streams.sources.loading import sources
from streams.sources.mapping import Translation, translate
from streams.sources.source import Source
from tests.demo.sample import START
from tests.sources.translated import KEY, RECEIVED, kpis

CALENDAR = Calendar("UTC")
# What both ways count: the wire has no probabilities, channels or names of products.
HUBSPOT_KPIS = (
    *("lead_count", "call_count", "connect_rate", "response_time", "qualified_leads"),
    *("deal_count", "revenue_won", "close_rate", "deal_conversion", "pipeline_amount"),
    *("expired_pipeline", "collected", "receivables", "overdue", "days_to_pay"),
)
# In amoCRM every lead is a deal.
AMOCRM_KPIS = (
    *("lead_count", "call_count", "connect_rate", "response_time", "deal_count", "revenue_won"),
    *("collected", "receivables", "overdue", "days_to_pay"),
)
SCOPES: tuple[frozenset[str], ...] = (frozenset(), frozenset(("rep",)))


@cache
def mapped() -> Mapping[str, Source]:
    with TemporaryDirectory() as folder:
        write_mappings(Path(folder), "EUR")
        return sources(Path(folder))


def story(number: int) -> list[EventData]:
    """The events of one lead, at whole seconds, as some senders know no parts of them."""
    made = Story(Random(number), number, START - 40 * DAY_MS, REAL, Market(CALENDAR, "EUR"))
    return [
        {**event, "at": CALENDAR.text(happened(event) // 1000 * 1000)} for _, event in made.events
    ]


def stories(of: int, among: range = range(400)) -> list[EventData]:
    """The stories of one CRM that are in the home currency."""
    found = [story(number) for number in among if number % STORIES == of]
    home = [each for each in found if {e.get("currency", "EUR") for e in each} == {"EUR"}]
    return [event for each in home for event in each]


def translation(webhook: WebhookBody) -> Translation:
    query = dict(webhook.query)
    delivery = Delivery(webhook.source, "", query, {}, webhook.body, RECEIVED)
    return translate(mapped()[webhook.source], delivery, KEY)


def received(events: list[EventData], attempts: tuple[int, ...] = (0,)) -> list[bytes]:
    """What comes of events that are routed and translated, redelivered ones too."""
    found: list[bytes] = []
    for attempt in attempts:
        for event in events:
            routed = Routing(0).route(event, attempt)
            translated = [translation(webhook) for webhook in routed.webhooks]
            assert [each.unmapped for each in translated if each.unmapped] == []
            found += [one for each in translated for one in each.events]
            found += [] if routed.webhooks else [orjson.dumps(routed.event)]
    return found


def compared(events: list[Any], names: tuple[str, ...]) -> dict[str, Any]:
    found = kpis(events, now="2026-03-04T15:00:00Z")
    return {
        key: record
        for key, record in found.items()
        if record["kpi"] in names and frozenset(record["scope"]) in SCOPES
    }


@pytest.mark.parametrize(("of", "names"), [(0, HUBSPOT_KPIS), (1, AMOCRM_KPIS)])
def test_stories_by_webhooks_give_the_kpis_of_their_events(of: int, names: tuple[str, ...]) -> None:
    events = stories(of)
    wanted = compared(list(events), names)
    assert {record["kpi"] for record in wanted.values()} == set(names)
    assert compared(received(events), names) == wanted


def test_redelivery_and_disorder_change_nothing() -> None:
    events = stories(0, range(80)) + stories(1, range(80))
    again = received(events, (1, 0))
    Random(5).shuffle(again)
    assert kpis(again) == kpis(received(events))


def test_every_kind_of_webhook_is_sent() -> None:
    routed = [Routing(0).route(event) for event in stories(0) + stories(1)]
    assert {webhook.source for each in routed for webhook in each.webhooks} == {
        *("amocrm", "hubspot", "stripe", "twilio")
    }


def test_stories_of_the_history_come_as_they_are() -> None:
    events = stories(0, range(80))
    assert [Routing(500).route(event) for event in events] == [([], event) for event in events]


def test_events_of_no_lead_come_as_they_are() -> None:
    event: EventData = {"id": "1", "type": "call.ended", "at": "", "subject": "rep:Ana Ruiz"}
    assert Routing(0).route(event) == ([], event)
    target: EventData = {"id": "1", "type": "target.set"}
    assert Routing(0).route(target) == ([], target)


def test_webhooks_name_nobody() -> None:
    events = b"".join(received(stories(0, range(80)) + stories(1, range(80))))
    assert b"+1555" not in events
    assert any(rep.name.encode() in events for rep in REPS)


def test_contact_that_was_entered_twice_is_one_lead() -> None:
    twin = next(n for n in range(0, 400, STORIES) if n % hubspot.TWIN_EVERY == 0)
    (created, *_) = story(twin)
    found = [json.loads(event) for event in received([created])]
    assert [each["type"] for each in found].count("lead.created") == 2
    (record,) = [
        record for key, record in kpis(found).items() if key.startswith("lead_count|all|year")
    ]
    assert record["value"] == 1


def test_mistake_is_a_dead_letter_and_no_event() -> None:
    found = translation(hubspot.mistake(START, 3))
    assert found.events == []
    assert [(each.rule, each.field) for each in found.unmapped] == [("deal changed", "amount")]
