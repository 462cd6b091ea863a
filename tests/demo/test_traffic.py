"""The requests of the simulated CRM: the same for a seed, all of them events, faults included."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from streams.demo.simulation.company import EventData
from streams.demo.simulation.traffic import ScheduledRequest, Traffic
from streams.engine.calendars.calendar import Calendar, milliseconds
from streams.events import Rejected, decode
from tests.demo.sample import records

START = milliseconds(datetime(2026, 3, 4, 15, 0, tzinfo=UTC))
MINUTE = 60_000


def traffic(seed: int = 3, start: int = START, zone: str = "Europe/Berlin") -> Traffic:
    return Traffic(seed, start, Calendar(zone), "EUR")


def sent(of: Traffic, minutes: int = 3) -> list[ScheduledRequest]:
    return [*of.history(), *of.due(START + minutes * MINUTE)]


def happened(event: EventData) -> int:
    return milliseconds(datetime.fromisoformat(str(event["at"])))


def test_seed_and_start_decide_every_byte() -> None:
    one, other = traffic(), traffic()
    assert one.reference() == other.reference()
    assert sent(one) == sent(other)


def test_another_seed_is_another_company() -> None:
    assert sent(traffic(3)) != sent(traffic(4))


def test_number_of_calls_changes_nothing() -> None:
    at_once, bit_by_bit = traffic(), traffic()
    steps = [d for at in range(0, 60_001, 70) for d in bit_by_bit.due(START + at)]
    assert steps == [*at_once.due(START + 59_990)]


@pytest.mark.parametrize("currency", ["EUR", "USD", "JPY"])
@pytest.mark.parametrize("hour", [0, 15])
def test_every_request_is_an_event(currency: str, hour: int) -> None:
    start = milliseconds(datetime(2026, 3, 29, hour, 0, 1, tzinfo=UTC))
    company = Traffic(8, start, Calendar("Asia/Tehran"), currency)
    events = company.reference()
    events += [d.event for d in (*company.history(), *company.due(start + MINUTE))]
    decoded = [decode(orjson.dumps(event)) for event in events]
    assert [event for event in decoded if isinstance(event, Rejected)] == []


def test_history_is_a_few_thousand_events_of_three_weeks_and_not_from_the_future() -> None:
    events = [request.event for request in traffic().history()]
    assert 3_000 < len(events) < 12_000
    assert max(map(happened, events)) <= START
    age = timedelta(milliseconds=START - min(map(happened, events)))
    assert timedelta(days=20) < age < timedelta(days=23)


def test_live_traffic_is_15_to_40_events_a_second_and_never_ahead_of_time() -> None:
    live = traffic()
    counts = []
    for minute in range(5):
        until = START + (minute + 1) * MINUTE
        came = [d.event for d in live.due(until)]
        assert max(map(happened, came)) <= until
        counts.append(len(came))
    assert all(15 * 60 < count < 40 * 60 for count in counts), counts


def test_duplicates_repeat_an_event_to_the_byte() -> None:
    requests = sent(traffic())
    first = {d.event["id"]: d.event for d in requests if d.kind == "new"}
    duplicates = [d.event for d in requests if d.kind == "duplicate"]
    assert len(duplicates) > 100
    assert all(first[event["id"]] == event for event in duplicates)


def test_corrections_have_the_id_of_another_a_later_time_and_other_content() -> None:
    requests = sent(traffic())
    first = {d.event["id"]: d.event for d in requests if d.kind == "new"}
    corrections = [d.event for d in requests if d.kind == "correction"]
    assert len(corrections) > 20
    for event in corrections:
        original = first[event["id"]]
        assert happened(event) > happened(original)
        assert event["subject"] == original["subject"]
        assert {**event, "at": ""} != {**original, "at": ""}


def test_an_id_names_one_fact_of_one_subject() -> None:
    subjects: dict[object, object] = {}
    for request in sent(traffic()):
        event = request.event
        assert subjects.setdefault(event["id"], event["subject"]) == event["subject"]


def test_some_of_it_comes_seconds_late_behind_later_events() -> None:
    live = [*traffic().due(START + 3 * MINUTE)]
    assert sum(d.is_late for d in live) > 50
    times = [happened(d.event) for d in live]
    behind = [max(times[:n]) - at for n, at in enumerate(times) if n]
    assert 2_000 < max(behind) < 60_000


def test_each_kind_of_work_moves_its_kpis() -> None:
    shown = {key.partition("|")[0] for key in records()}
    assert shown >= {
        *("meetings", "presentations", "social_activity", "collateral_in_wins", "advance_rate"),
        *("response_rate", "prospecting_hours", "marketing_spend", "quote_to_order"),
        *("unmet_demand", "customer_lifetime_value", "complaints", "churn_risk"),
        *("reorder_interval", "wallet_share", "on_time_delivery"),
    }


def test_existing_customers_order_again_and_are_in_the_reference_data() -> None:
    company = traffic()
    named = {e["account"] for e in company.reference() if e["type"] == "account.set"}
    orders = [d.event for d in sent(company) if d.event["type"] == "order.placed"]
    assert {event["subject"] for event in orders} <= named
    assert len({event["order"] for event in orders}) > 2 * len(named)


def test_spending_is_recorded_for_each_day_of_the_past_and_not_from_the_future() -> None:
    spent = [e for e in traffic().reference() if e["type"] == "spend.recorded"]
    assert len({str(e["at"])[:10] for e in spent}) == 22
    assert max(map(happened, spent)) <= START
