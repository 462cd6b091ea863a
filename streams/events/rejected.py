"""Why something is no event."""

from dataclasses import dataclass
from typing import Literal

# Label values of a metric: few, and never a part of a value.
RejectionKind = Literal[
    "crashes the KPIs",
    "does not belong here",
    "empty record",
    "invalid currency",
    "invalid date",
    "invalid money",
    "invalid number",
    "invalid time",
    "invalid value",
    "key is not the subject",
    "missing field",
    "not JSON",
    "not an object",
    "out of range",
    "schema-registry frame",
    "unknown name",
    "unknown type",
]


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why some bytes are no event; `field` is the one at fault, if any.

    `kind` is one of few, for counting; `reason` may quote the value.
    """

    reason: str
    field: str | None
    kind: RejectionKind
