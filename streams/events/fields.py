"""The kinds of value a field can hold, with their bounds."""

from datetime import datetime
from typing import Annotated, Any, Literal, get_args, get_origin

from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=512)]
Text = Annotated[str, Meta(max_length=4096)]
# The key of something else, in a patch.
Reference = Annotated[str, Meta(min_length=1, max_length=512)]
# Texts that name something: `decode` normalises them. Two types, so that a key is never empty.
Label = Annotated[str, Meta(description="NFC, trimmed, cut after 200 characters")]
LabelKey = Annotated[str, Meta(min_length=1, description="NFC, trimmed, cut after 200 characters")]
Seq = Annotated[
    int,
    Meta(ge=0, le=2**63 - 1, description="the sender's order of events that have the same `at`"),
]
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 with an offset")]
# Money is text so that no reader on the way turns it into a binary float.
# Without the last bit of each pattern a line's end would pass: `$` stands before it, too.
Amount = Annotated[
    str,
    Meta(
        pattern=r"^-?[0-9]{1,18}(\.[0-9]{1,9})?$(?!\n)",
        description="decimal string, such as 1234.50",
        examples=["1234.50"],
    ),
]
Rate = Annotated[
    str,
    Meta(
        pattern=r"^(?=[0-9.]*[1-9])[0-9]{1,18}(\.[0-9]{1,18})?$(?!\n)",
        description="decimal string above 0: reporting-currency units for one unit",
        examples=["1.0837"],
    ),
]
Currency = Annotated[
    str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217", examples=["EUR"])
]
Probability = Annotated[float, Meta(ge=0, le=1)]
Natural = Annotated[int, Meta(ge=0, le=10**9)]
Media = Literal["paid", "earned", "owned"]
Potential = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,18}(\.[0-9]{1,9})?$(?!\n)",
        description="decimal string, not below 0: what could be sold in a year",
        examples=["50000.00"],
    ),
]
Custom = Annotated[
    dict[str, Any],
    Meta(
        description="values of a company's own dimensions, by name: texts, whole numbers, true or"
        " false; null clears one. Other values are ignored"
    ),
]
# Which dimensions there are, the rules file says: a company may have its own.
Scope = Annotated[
    dict[Name, Name],
    Meta(max_length=1, description="{} for all, else one dimension and its value"),
]
WindowKind = Literal[
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
SubjectTopic = Literal[
    "crm.lead",
    "crm.call",
    "crm.email",
    "crm.deal",
    "crm.activity",
    "crm.quote",
    "crm.order",
    "crm.invoice",
    "crm.ticket",
]


def choices(hint: object) -> tuple[str, ...]:
    """The texts that a type allows, where it lists them: its own, or its dictionary's keys."""
    if get_origin(hint) is Literal:
        return tuple(each for each in get_args(hint) if isinstance(each, str))
    return tuple(text for part in get_args(hint) for text in choices(part))
