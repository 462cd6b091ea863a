"""The record of `sales.alerts`, as a type."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from streams.output.records.kpi_record import (
    Moment,
    Money,
    Window,
)


class AlertRecord(Struct, omit_defaults=True):
    """Something that somebody should look at. A key without a record: it holds no more."""

    kind: str
    subject: Annotated[
        str,
        Meta(description="what it is about: `name`, or `owner/name` with `/` in names as `%2F`"),
    ]
    rep: Annotated[str | None, Meta(description="whose it is; null where nobody's")]
    since: Annotated[Moment, Meta(description="since when it holds")]
    amount: Annotated[Money | None, Meta(description="what it is about, where there is money")]
    currency: Annotated[
        str | None, Meta(description="the reporting currency; null without an amount")
    ]
    rule: Annotated[
        dict[str, int | str],
        Meta(description="the thresholds in force, `_ms` in milliseconds, shares as decimals"),
    ]
    text: Annotated[str, Meta(description="one sentence for a person")]
    updated_at: Annotated[Moment, Meta(description="when the record was written")]
    channel: Annotated[
        str | UnsetType, Meta(description="of a lead that has one: where it came from")
    ] = UNSET
    kpi: Annotated[str | UnsetType, Meta(description="of a target: of which KPI")] = UNSET
    scope: Annotated[
        dict[str, str] | UnsetType,
        Meta(description="of a target: empty for all, else one dimension and its value"),
    ] = UNSET
    window: Annotated[Window | UnsetType, Meta(description="of a target")] = UNSET
    start: Annotated[Moment | UnsetType, Meta(description="of a target's window")] = UNSET
    end: Annotated[Moment | UnsetType, Meta(description="of a target's window")] = UNSET
