"""An alert of `sales.alerts`, as far as its receivers need it."""

from typing import Any

from msgspec import Struct, json


class Alert(Struct, frozen=True):
    """Something that somebody should look at.

    Attributes:
        kind: Which of the kinds of alerts.
        subject: What it is about.
        rep: Whose it is; None where nobody's.
        since: Since when it holds; with the key it names the alert.
        text: One sentence for a person, in English.
        scope: Of a target: empty for all, else one dimension and its value.
        kpi: Of a target: the KPI; empty where it is of something else.
        channel: Of a lead: where it came from; empty where that is not known.
        rule: The thresholds of its kind.
        amount: In major units; None where there is none.
        currency: Of the amount.
        start: Of a target: of its window; RFC 3339, as `end`.
    """

    kind: str
    subject: str
    rep: str | None
    since: str
    text: str
    scope: dict[str, str] = {}
    channel: str = ""
    kpi: str = ""
    rule: dict[str, Any] = {}
    amount: str | None = None
    currency: str | None = None
    start: str = ""
    end: str = ""


_decoder = json.Decoder(Alert)


def decode(record: bytes) -> Alert:
    """Read a record. Raises msgspec.DecodeError for what is none."""
    return _decoder.decode(record)
