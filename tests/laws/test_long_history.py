"""Two years of a company, in one piece: the product and the oracle agree in every record."""

import json
import os
from datetime import UTC, datetime

from streams.config.settings import Settings
from streams.operations.replay import replay
from tests.histories import lines, long_history
from tests.laws.published import key
from tests.oracle import difference, published

# `make oracle` takes 200,000.
EVENTS = int(os.environ.get("ORACLE_EVENTS", "2000"))
NOW = int(datetime(2026, 1, 20, 12, tzinfo=UTC).timestamp() * 1000)


def test_two_years_are_what_the_oracle_computes() -> None:
    events = long_history(21, EVENTS)
    settings = Settings(now=NOW, timezone="Asia/Tehran")
    actual = {key(json.loads(line)): line for line in replay(lines(events).splitlines(), settings)}
    compared = 0
    for name, record in published(events, now=NOW, timezone="Asia/Tehran"):
        line = actual.pop(name, None)
        found = None if line is None else json.loads(line)
        assert difference(record, found) is None, name
        compared += 1
    assert next(iter(actual), None) is None
    assert compared > EVENTS
