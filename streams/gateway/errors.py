"""Why a request or an event is not taken: each kind has a name, a status and a counter."""

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
    "unauthorised": {"WWW-Authenticate": 'Bearer realm="events"'},
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one event; `line` is its place among the request's or file's, from 1."""

    line: int
    kind: Kind
    reason: str
    field: str | None = None

    def __str__(self) -> str:
        """Say it in one line."""
        where = f", field {self.field}" if self.field else ""
        return f"line {self.line}{where}: {self.reason}"

    def report(self) -> dict[str, object]:
        """Give it as JSON fields."""
        return {"line": self.line, "field": self.field, "reason": self.reason}


class RequestRejected(Exception):
    """A request that is not taken, with nothing of it sent (except as `Delivery.write` says)."""

    def __init__(self, kind: Kind, error: str, problems: tuple[Problem, ...] = ()) -> None:
        """Name the kind, say what is wrong, and list the events that are at fault, if any."""
        super().__init__(error)
        self.kind = kind
        self.error = error
        self.problems = problems

    @classmethod
    def because_of(cls, problems: list[Problem]) -> "RequestRejected":
        """Refuse a request for its events; the first one's kind decides the status."""
        return cls(problems[0].kind, f"nothing was accepted: {problems[0]}", tuple(problems))

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.kind]

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that go with the status."""
        return _HEADERS.get(self.kind, {})

    def report(self) -> dict[str, object]:
        """Give the answer's JSON: `error`, and the problems with the first one spelt out."""
        if not self.problems:
            return {"error": self.error}
        listed = [problem.report() for problem in self.problems]
        return {"error": self.error, **listed[0], "errors": listed}
