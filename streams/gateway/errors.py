"""Reasons to reject a request or an event: each kind has a name, a status and a counter."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal[
    "busy",
    "kafka_away",
    "malformed",
    "media_type",
    "not_an_event",
    "slow",
    "too_deep",
    "too_large",
    "too_many",
    "unauthorised",
]
STATUS: Mapping[Kind, int] = MappingProxyType(
    {
        "busy": 503,
        "kafka_away": 503,
        "malformed": 400,
        "media_type": 415,
        "not_an_event": 422,
        "slow": 408,
        "too_deep": 413,
        "too_large": 413,
        "too_many": 413,
        "unauthorised": 401,
    }
)
RETRY_SECONDS = 2
_HEADERS: Mapping[Kind, Mapping[str, str]] = {
    "busy": {"Retry-After": str(RETRY_SECONDS)},
    "kafka_away": {"Retry-After": str(RETRY_SECONDS)},
    "media_type": {"Accept-Encoding": "gzip, deflate"},
    "unauthorised": {"WWW-Authenticate": 'Bearer realm="events"'},
}


@dataclass(frozen=True, slots=True)
class Problem:
    """An error in one event; `line` is its number in the request or file, from 1."""

    line: int
    kind: Kind
    reason: str
    field: str | None = None

    def __str__(self) -> str:
        """Return the error as one line of text."""
        where = f", field {self.field}" if self.field else ""
        return f"line {self.line}{where}: {self.reason}"

    def report(self) -> dict[str, object]:
        """Return the error as JSON fields."""
        return {"line": self.line, "field": self.field, "reason": self.reason}


class RequestRejected(Exception):
    """A request that is rejected whole; `problems` are the errors of its events, if any.

    Nothing of it was sent, except where `EventProducer.write` raises it.
    """

    def __init__(self, kind: Kind, error: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(error)
        self.kind = kind
        self.error = error
        self.problems = problems

    @classmethod
    def because_of(cls, problems: list[Problem]) -> "RequestRejected":
        """Reject a request for its events; the kind of the first decides the status."""
        return cls(problems[0].kind, f"nothing was accepted: {problems[0]}", tuple(problems))

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.kind]

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that belong to the status."""
        return _HEADERS.get(self.kind, {})

    def report(self) -> dict[str, object]:
        """Return the response's JSON: `error`, the first problem's fields, and all problems."""
        if not self.problems:
            return {"error": self.error}
        listed = [problem.report() for problem in self.problems]
        return {"error": self.error, **listed[0], "errors": listed}
