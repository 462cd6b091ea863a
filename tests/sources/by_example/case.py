"""One request of a source, and what it becomes."""

import json
from typing import Any, NamedTuple

from tests.sources.stories.comparing import person
from tests.sources.translated import outcome

Fields = dict[str, Any]
AT = "2026-03-03T09:15:00Z"
SECONDS = 1_772_529_300
KIM = person("email", "kim@example.com")
# What all merges of leads have.
MERGED = {"type": "subject.merged", "at": AT, "topic": "crm.lead"}


class Case(NamedTuple):
    """One request and what it becomes: events without their source, and records to be read."""

    name: str
    source: str
    body: Any
    events: list[Fields]
    reads: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()


def name(case: Case) -> str:
    """Name a case for people."""
    return f"{case.source} {case.name}"


def check(case: Case) -> None:
    """Check that a request becomes these events, in their order, and nothing else."""
    found = outcome(case.source, case.body, headers=dict(case.headers), query=dict(case.query))
    assert found.unmapped == []
    events = [event | {"source": case.source} for event in case.events]
    assert [json.loads(event) for event in found.events] == events
    assert tuple(found.reads) == case.reads
