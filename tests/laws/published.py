"""The contents of the output as a reader has them: records by key."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from streams.config.settings import Settings
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.merger import Merger
from streams.events import Rejected
from streams.operations.replay import raise_bad_line, replay
from tests.histories import lines

EventDict = dict[str, Any]


def key(record: Mapping[str, Any]) -> str:
    """Give a record's key, built from its fields."""
    scope = "=".join(*record["scope"].items()) if record["scope"] else "all"
    return f"{record['kpi']}|{scope}|{record['window']}|{record['start']}"


def left_out(number: int, rejected: Rejected) -> None:
    """Leave out reference records that name what does not exist, as workers do."""
    if rejected.kind != "unknown name":
        raise_bad_line(number, rejected)


def replayed(events: Sequence[EventDict], settings: Settings) -> dict[str, dict[str, Any]]:
    """Give the records of a replay by key."""
    records = [json.loads(line) for line in replay(lines(events).splitlines(), settings, left_out)]
    assert len({key(record) for record in records}) == len(records)
    return {key(record): record for record in records}


def bodies(events: Sequence[EventDict], settings: Settings) -> dict[str, bytes]:
    """Give a replay's bytes by key, without revision and times."""
    found = list(replay(lines(events).splitlines(), settings, left_out))
    return {key(json.loads(line)): line.partition(b',"revision":')[0] for line in found}


class Reader:
    """Follows mergers as a consumer of the topic would."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self.records: dict[str, bytes] = {}

    def read(
        self,
        mergers: Iterable[Merger],
        priority: Priority | None = None,
        max_scopes: int | None = None,
    ) -> None:
        """Read what the mergers have to publish."""
        for merger in mergers:
            for name, body, _ in merger.publications(priority, max_scopes):
                if body is None:
                    self.records.pop(name, None)
                else:
                    self.records[name] = body
