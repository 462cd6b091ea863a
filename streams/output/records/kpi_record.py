"""What a record of `sales.kpis` holds, as types: the streams write it, everyone else reads it."""

from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339 in the reporting zone")]
Money = Annotated[
    str,
    Meta(
        pattern=r"^-?[0-9]+(\.[0-9]+)?$",
        description="decimal string in major units, as many digits as the currency has",
        examples=["1234.50"],
    ),
]
Milliseconds = Annotated[int, Meta(description="whole milliseconds")]
Number = Annotated[float, Meta(description="a quotient")]
Count = Annotated[int, Meta(description="a whole number")]
Window = Literal[
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "last_7d",
    "last_15d",
    "last_30d",
    "last_90d",
]


class CountParts(Struct):
    """How many."""

    count: int


class SumParts(Struct):
    """The exact sum; money in minor units."""

    sum: int


class MeanParts(Struct):
    """A mean's sum and number; money in minor units, durations in milliseconds."""

    sum: int
    count: Annotated[int, Meta(ge=0)]


class ShareParts(Struct):
    """How many of how many."""

    hits: Annotated[int, Meta(ge=0)]
    total: Annotated[int, Meta(ge=0)]


class SharesParts(ShareParts):
    """How many of how many, over all and by label; a label with none is absent.

    The 100 largest, and what the others sum up to as `other`.
    """

    by: dict[str, ShareParts]


class RatioParts(Struct):
    """The two numbers divided; money in minor units."""

    numerator: int
    denominator: int


class CountsParts(Struct):
    """How many by label; a label with none is absent.

    The 100 largest, and what the others sum up to as `other`.
    """

    counts: dict[str, Annotated[int, Meta(ge=1)]]


class LevelParts(Struct):
    """The stock at the window's end, or now where it runs; money in minor units."""

    level: int


class Percentiles(Struct):
    """In milliseconds, at most 1 % off; null where a target alone makes a record of nothing."""

    p50: int | None
    p90: int | None


class DerivedParts(Struct):
    """What a derived KPI follows from, by name: mostly the parts of its ingredients."""


PARTS: dict[str, type[Struct]] = {
    "count": CountParts,
    "sum": SumParts,
    "mean": MeanParts,
    "share": ShareParts,
    "ratio": RatioParts,
    "shares": SharesParts,
    "counts": CountsParts,
    "level": LevelParts,
    "level_ratio": RatioParts,
    "derived": DerivedParts,
}
V = TypeVar("V")
P = TypeVar("P")
A = TypeVar("A")


class Record(Struct, Generic[V, P, A], omit_defaults=True):
    """A KPI's newest value for one scope and one window. A key without a record has no facts."""

    kpi: str
    scope: Annotated[
        dict[str, str],
        Meta(max_length=1, description="empty for all, else one dimension and its value"),
    ]
    window: Window
    start: Moment
    end: Annotated[Moment, Meta(description="RFC 3339 in the reporting zone; no longer inside")]
    value: Annotated[V | None, Meta(description="in the unit; null where there is no value")]
    unit: str
    parts: P
    previous: Annotated[V | None, Meta(description="the value of the window before")]
    change: Annotated[V | None, Meta(description="value less previous")]
    previous_to_date: Annotated[
        V | None,
        Meta(
            description="the value of the window before up to the end of its n-th day, today being"
            " the n-th of this one; null for days, hours, rolling windows and those that are over"
        ),
    ]
    change_to_date: Annotated[V | None, Meta(description="value less previous_to_date")]
    rank: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(
            description="1 + the siblings of this dimension and window that are better, of a level"
            " those at the window's end; null without a value, and for other scopes than rep, team"
            " and partner"
        ),
    ]
    target: Annotated[A | None, Meta(description="what the value should come to; null without")]
    attainment: Annotated[
        float | None,
        Meta(description="value by target; target by value where lower is better"),
    ]
    met: Annotated[
        bool | None,
        Meta(
            description="whether the value has reached the target, or where lower is better has not"
            " exceeded it; null without a target or a value"
        ),
    ]
    final: Annotated[bool, Meta(description="the window and its lateness are over")]
    revision: Annotated[int, Meta(ge=1, description="goes up with every record of the key")]
    expected: Annotated[
        A | None,
        Meta(
            description="the part of the target due at `as_of`; all of it for what is neither a"
            " count nor a sum"
        ),
    ]
    pace: Annotated[
        float | None,
        Meta(description="value by expected; expected by value where lower is better"),
    ]
    projected: Annotated[
        A | None, Meta(description="where the value will end at the pace that it has had")
    ]
    as_of: Annotated[Moment, Meta(description="the instant that the value stands for")]
    updated_at: Annotated[Moment, Meta(description="when the record was written")]
    percentiles: Percentiles | UnsetType = UNSET
