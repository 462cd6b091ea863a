"""Pipedrive: leads, people, deals and activities, by webhooks of version 2 and of version 1."""

import json
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from streams.sources.delivery import Delivery
from tests.sources.stories.crm.stories import (
    Events,
    assert_same,
    at,
    by_email,
    by_phone,
    event,
    iso,
    ms,
)
from tests.sources.translated import delivery, kpis, outcome, translated

YEAR = "all|year|2026-01-01T00:00:00+00:00"
ids = count(1)
Fields = dict[str, Any]
Tell = Callable[..., Delivery]


def second(
    action: str,
    entity: str,
    moment: datetime,
    data: Fields,
    previous: Fields | None = None,
    **meta: Any,
) -> Delivery:
    """A webhook of version 2: what changed is under `previous`, all of it for a deletion."""
    told = {
        "action": action,
        "entity": entity,
        "entity_id": str(data["id"]),
        "company_id": "31",
        "id": f"00000000-0000-4000-8000-{next(ids):012}",
        "timestamp": iso(moment),
        "version": "2.0",
        "attempt": 1,
        **meta,
    }
    is_gone = action == "delete"
    body = {
        "meta": told,
        "data": None if is_gone else data,
        "previous": data if is_gone else previous,
    }
    return delivery("pipedrive", body)


def first(
    action: str,
    entity: str,
    moment: datetime,
    data: Fields,
    previous: Fields | None = None,
    **_: Any,
) -> Delivery:
    """A webhook of version 1: a deletion has its record under `previous` alone."""
    name = {"create": "added", "change": "updated", "delete": "deleted"}[action]
    if entity == "deal":
        data = {key: value for key, value in data.items() if key != "owner_id"}
        data |= {"user_id": 11, "person_id": {"value": data["person_id"], "name": "Dana"}}
    if entity == "person":
        names = {"phones": "phone", "emails": "email"}
        data = {names.get(key, key): value for key, value in data.items()}
    meta = {
        "action": name,
        "object": entity,
        "id": data["id"],
        "company_id": 31,
        "timestamp": ms(moment) // 1000,
        "timestamp_micro": ms(moment) * 1000,
        "webhook_id": "7",
    }
    is_gone = action == "delete"
    body = {
        "v": 1,
        "event": f"{name}.{entity}",
        "meta": meta,
        "current": None if is_gone else data,
        "previous": data if is_gone else previous,
        "retry": 0,
    }
    return delivery("pipedrive", body)


def deal(number: int, stage: int, status: str, value: float, **fields: Any) -> Fields:
    """A deal, whole."""
    return {
        "id": number,
        "title": "A deal",
        "owner_id": 11,
        "person_id": 9,
        "org_id": None,
        "pipeline_id": 1,
        "stage_id": stage,
        "value": value,
        "currency": "EUR",
        "status": status,
        "probability": None,
        "expected_close_date": "2026-11-20",
        "lost_reason": None,
        **fields,
    }


def activity(number: int, kind: str, moment: datetime, **fields: Any) -> Fields:
    """An activity that is done."""
    return {
        "id": number,
        "type": kind,
        "done": True,
        "owner_id": 11,
        "person_id": 9,
        "deal_id": None,
        "marked_as_done_time": moment.strftime("%Y-%m-%d %H:%M:%S"),
        **fields,
    }


PERSON = {
    "id": 9,
    "name": "Dana",
    "owner_id": 11,
    "add_time": iso(at(2)),
    "phones": [
        {"value": "+1 555 010 4477", "primary": True, "label": "work"},
        {"value": "+1 555 010 4478", "primary": False, "label": "mobile"},
    ],
    "emails": [{"value": "dana@example.com", "primary": True, "label": "work"}],
}


def story(tell: Tell) -> list[Delivery]:
    """A person's deals are won, opened again and won, lost, deleted."""
    return [
        tell("create", "person", at(2), PERSON),
        tell("create", "activity", at(2, "11:00:00"), activity(1, "call", at(2, "10:30:00"))),
        tell("change", "activity", at(3), activity(1, "call", at(2, "10:30:00"))),
        tell("create", "activity", at(2, "12:00:00"), activity(2, "email", at(2, "12:00:00"))),
        tell("create", "activity", at(2, "13:00:00"), activity(3, "meeting", at(2, "13:00:00"))),
        tell("create", "activity", at(2, "14:00:00"), activity(4, "task", at(2, "14:00:00"))),
        tell("create", "deal", at(3), deal(55, 1, "open", 1000)),
        tell("create", "deal", at(4), deal(56, 1, "open", 700)),
        tell("create", "deal", at(4), deal(57, 1, "won", 99)),
        tell("change", "deal", at(5), deal(55, 2, "won", 1500.5, won_time=iso(at(5)))),
        tell("change", "deal", at(6), deal(55, 2, "open", 1500.5, won_time=iso(at(5)))),
        tell("change", "deal", at(9), deal(55, 3, "won", 1500.5, won_time=iso(at(9)))),
        tell("change", "deal", at(8), deal(56, 1, "lost", 700, lost_reason="price")),
        tell("delete", "deal", at(7), deal(57, 1, "won", 99)),
    ]


def by_hand() -> Events:
    """The same, in canonical events."""
    common = {"pipeline": "1", "currency": "EUR", "rep": "11", "expected_close": "2026-11-20"}
    call = {"rep": "11", "direction": "outbound", "outcome": "connected"}
    mine = {"deal": "55", "amount": "1500.5", **common}
    other = {"deal": "56", "amount": "700", "stage": "1", **common}
    return [
        event("lead.created", at(2), "dana"),
        event("lead.assigned", at(2), "dana", rep="11"),
        event("call.ended", at(2, "10:30:00"), "dana", **call),
        event("email.sent", at(2, "12:00:00"), "dana", rep="11", email="2", links=0),
        event("activity.logged", at(2, "13:00:00"), "dana", rep="11", kind="meeting"),
        event("deal.changed", at(3), "dana", **mine | {"amount": "1000"}, stage="1"),
        event("deal.changed", at(5), "dana", **mine, stage="2", status="won"),
        event("deal.changed", at(6), "dana", **mine, stage="2", status="open"),
        event("deal.changed", at(9), "dana", **mine, stage="3", status="won"),
        event("deal.changed", at(4), "dana", **other, status="open"),
        event("deal.changed", at(8), "dana", **other, status="lost", reason="price"),
        event("deal.changed", at(4), "dana", deal="57", stage="1", status="won", **common),
        event("deal.deleted", at(7), "dana", deal="57"),
    ]


@pytest.mark.parametrize("tell", [second, first])
def test_story_gives_the_kpis_of_canonical_events_in_any_order(tell: Tell) -> None:
    inbound = {"rep": "ivo", "direction": "inbound", "outcome": "connected"}
    mail = {"rep": "ivo", "email": "m-1", "links": 2}
    others = [
        event("call.ended", at(2, "15:00:00"), by_phone("15550104478"), **inbound),
        event("email.sent", at(2, "16:00:00"), by_email("dana@example.com"), **mail),
    ]
    known = [{**each, "subject": "dana"} for each in others]
    assert_same("pipedrive", story(tell), [*by_hand(), *known], others)


def test_merged_people_are_one_lead_by_either_half_of_the_merge() -> None:
    created = [second("create", "person", at(2), {"id": number}) for number in (8, 9)]
    gone = second("delete", "person", at(4), {"id": 8}, merged_to_id="9")
    kept = second("change", "person", at(4), {"id": 9}, merged_from_id="8")
    for half in ([gone], [kept], [gone, kept]):
        found = kpis(translated("pipedrive", [*created, *half]))
        assert found[f"lead_count|{YEAR}"]["value"] == 1


def test_merged_deal_counts_once_and_its_calls_go_along() -> None:
    call = activity(1, "call", at(2, "08:00:00"), person_id=None, deal_id=56)
    told = [
        second("create", "activity", at(2), call),
        second("create", "deal", at(2), deal(55, 1, "won", 10, person_id=None)),
        second("create", "deal", at(2), deal(56, 1, "won", 10, person_id=None)),
        second("delete", "deal", at(4), deal(56, 1, "won", 10), merged_to_id="55"),
        second(
            "change", "deal", at(4), deal(55, 1, "won", 10, person_id=None), merged_from_id="56"
        ),
    ]
    events = translated("pipedrive", told)
    found = kpis(events)
    assert found[f"deal_count|{YEAR}"]["value"] == 1
    assert found[f"wins_by_contact|{YEAR}"]["parts"]["counts"] == {"1": 1}


def test_deal_that_is_nobodys_any_more_stands_alone() -> None:
    told = [
        second("create", "person", at(2), PERSON),
        second("create", "deal", at(2), deal(55, 1, "won", 10)),
        second("change", "deal", at(4), deal(55, 1, "won", 10, person_id=None), {"person_id": 9}),
    ]
    common = {"stage": "1", "amount": "10", "pipeline": "1", "currency": "EUR", "rep": "11"}
    changed = {"deal": "55", "status": "won", "expected_close": "2026-11-20", **common}
    alone = [
        event("lead.created", at(2), "dana"),
        event("lead.assigned", at(2), "dana", rep="11"),
        event("deal.changed", at(2), "deal", **changed),
        event("deal.changed", at(4), "deal", **changed),
    ]
    assert_same("pipedrive", told, alone)


def test_deal_that_was_opened_again_is_open_whatever_its_win_says() -> None:
    again = deal(55, 1, "open", 10, won_time=iso(at(2)), first_won_time=iso(at(2)))
    (told, _) = outcome("pipedrive", second("change", "deal", at(4), again).body).events
    assert json.loads(told)["status"] == "open"


def test_retried_webhook_is_the_same_event() -> None:
    sent = second("change", "deal", at(4), deal(55, 1, "open", 10))
    again = delivery("pipedrive", sent.body.replace(b'"attempt": 1', b'"attempt": 2'))
    assert len({*translated("pipedrive", [sent, again])}) == len(translated("pipedrive", [sent]))


def test_lead_of_the_inbox_is_its_persons() -> None:
    lead = {"id": "adf21080", "person_id": 9, "owner_id": 11, "add_time": iso(at(2))}
    (told,) = map(json.loads, translated("pipedrive", [second("create", "lead", at(2), lead)]))
    assert (told["type"], told["subject"]) == ("lead.created", "pipedrive:person:9")


def test_activity_that_is_not_done_has_not_happened() -> None:
    planned = activity(1, "call", at(2)) | {"done": False}
    assert translated("pipedrive", [second("create", "activity", at(2), planned)]) == []


def test_money_keeps_every_digit() -> None:
    body = second("create", "deal", at(2), deal(55, 1, "open", 1)).body
    exact = body.replace(b'"value": 1,', b'"value": 12345678901234567.89,')
    assert json.loads(outcome("pipedrive", exact).events[0])["amount"] == "12345678901234567.89"
