"""An hour at the invented company, computed without Kafka, for tests that show it."""

from datetime import UTC, datetime
from functools import cache

import orjson

from streams.config.settings import Settings
from streams.demo.simulation.traffic import Traffic
from streams.demo.terminal.figures import ShownValues
from streams.demo.terminal.screen import Places
from streams.engine.calendars.calendar import Calendar, milliseconds
from streams.operations.replay import replay

CALENDAR = Calendar("UTC")
START = milliseconds(datetime(2026, 3, 4, 15, 0, tzinfo=UTC))
NOW = START + 60_000
PLACES = Places(
    gateway="http://127.0.0.1:28080",
    token="abcdefghijklmnopqrstuvwx",  # noqa: S106  # opens nothing
    metrics=("http://127.0.0.1:29464/metrics", "http://127.0.0.1:29465/metrics"),
    bootstrap="127.0.0.1:29092",
    logs=".data/demo",
    since="2026-03-04T15:00:00Z",
)


@cache
def records() -> dict[str, bytes]:
    """Give what `sales.kpis` holds a minute after the start, by key."""
    company = Traffic(1, START, CALENDAR, "EUR")
    deliveries = [*company.history(), *company.due(NOW)]
    events = [*company.reference(), *(delivery.event for delivery in deliveries)]
    found = {}
    for line in replay(map(orjson.dumps, events), Settings(now=NOW)):
        record = orjson.loads(line)
        scope = "".join(f"{name}={member}" for name, member in record["scope"].items())
        key = f"{record['kpi']}|{scope or 'all'}|{record['window']}|{record['start']}"
        found[key] = line
    return found


def figures() -> ShownValues:
    """Give a view that has been fed all of it."""
    view = ShownValues(CALENDAR)
    for key, record in records().items():
        view.update(key, record)
    return view
