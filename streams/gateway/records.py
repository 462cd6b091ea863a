"""Kafka records of events from the CRM."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from streams.events import (
    REFERENCE_TOPICS,
    Event,
    KnownNames,
    ReferenceRecord,
    Rejected,
    decode,
    topics_of,
)
from streams.events.formats.json_text import is_json, is_utf8
from streams.gateway.errors import (
    Kind,
    Problem,
    RequestRejected,
)
from streams.gateway.limits import (
    EVENT_BYTES,
    PROBLEMS,
    check_shape,
)

Renaming = Callable[[Rejected], Rejected]


class Record(NamedTuple):
    """One event to be written, to each of its topics.

    The key decides the partition, the value is the event's bytes. `line` is its number in the
    request or file, and `within` begins the names that the sender gave its fields.
    """

    topics: tuple[str, ...]
    key: bytes
    value: bytes
    line: int = 1
    within: str = ""
    headers: tuple[tuple[str, bytes], ...] = ()


def record(value: bytes, line: int, renamed: Renaming | None = None) -> Record | Problem:
    """Return the record with exactly these bytes, or the problem if they are not an event.

    `renamed` names the field of a rejection as its sender does.
    """
    if len(value) > EVENT_BYTES:
        return Problem(line, "too_large", f"longer than {EVENT_BYTES} bytes")
    try:
        check_shape(value)
    except RequestRejected as refused:
        return Problem(line, refused.kind, refused.error)
    if not is_utf8(value):
        return Problem(line, "malformed", "not UTF-8")
    event = decode(value)
    if isinstance(event, Rejected):
        kind: Kind = "not_an_event" if is_json(value) else "malformed"
        why = event if renamed is None else renamed(event)
        return Problem(line, kind, why.reason, why.field)
    assert isinstance(event, Event | ReferenceRecord)  # noqa: S101 - for the type checker: there is no third kind
    return Record(topics_of(event), event.key.encode(), value, line)


def checked(outcome: Record | Problem, known: KnownNames | None) -> Record | Problem:
    """Return the problem of a reference record that names what is not known, else the outcome.

    `known` None: nothing is checked.
    """
    if isinstance(outcome, Problem) or known is None or outcome.topics[0] not in REFERENCE_TOPICS:
        return outcome
    event = decode(outcome.value)
    unknown = event if isinstance(event, Rejected) else known.problem(event)
    if unknown is None:
        return outcome
    return Problem(outcome.line, "not_an_event", unknown.reason, f"{outcome.within}{unknown.field}")


def all_or_none(outcomes: Iterable[Record | Problem]) -> list[Record]:
    """Return all records. Raises RequestRejected with the first PROBLEMS if any is wrong."""
    records: list[Record] = []
    problems: list[Problem] = []
    for outcome in outcomes:
        if isinstance(outcome, Record):
            records.append(outcome)
            continue
        problems.append(outcome)
        if len(problems) == PROBLEMS:
            break
    if problems:
        raise RequestRejected.because_of(problems)
    return records
