"""An hour at the invented company, computed without Kafka, for tests that show it."""

from datetime import UTC, datetime
from functools import cache

import orjson

from streams.config.settings import Settings
from streams.demo.simulation.traffic import Traffic
from streams.demo.terminal.screen import Addresses
from streams.demo.terminal.shown_values import ShownValues
from streams.engine.calendars.calendar import Calendar, milliseconds
from streams.operations.replay import replay

CALENDAR = Calendar("UTC")
START = milliseconds(datetime(2026, 3, 4, 15, 0, tzinfo=UTC))
NOW = START + 60_000
ADDRESSES = Addresses(
    gateway="http://127.0.0.1:28080",
    page="http://127.0.0.1:28090",
    token="abcdefghijklmnopqrstuvwx",  # noqa: S106  # opens nothing
    metrics=("http://127.0.0.1:29464/metrics", "http://127.0.0.1:29465/metrics"),
    bootstrap="127.0.0.1:29092",
    logs=".data/demo",
    since="2026-03-04T15:00:00Z",
)


@cache
def records() -> dict[str, bytes]:
    """Return the records of `sales.kpis` a minute after the start, by key."""
    company = Traffic(1, START, CALENDAR, "EUR")
    requests = [*company.history(), *company.due(NOW)]
    events = [*company.reference(), *(request.event for request in requests)]
    found = {}
    for line in replay(map(orjson.dumps, events), Settings(now=NOW)):
        record = orjson.loads(line)
        scope = "".join(f"{name}={value}" for name, value in record["scope"].items())
        key = f"{record['kpi']}|{scope or 'all'}|{record['window']}|{record['start']}"
        found[key] = line
    return found


def shown_values() -> ShownValues:
    """Return a view that has received all of them."""
    view = ShownValues(CALENDAR)
    for key, record in records().items():
        view.update(key, record)
    return view
