"""An alert of `sales.alerts`, as far as its receivers need it."""

from msgspec import Struct, json


class Alert(Struct, frozen=True):
    """Something that somebody should look at.

    Attributes:
        kind: Which of the kinds of alerts.
        subject: What it is about.
        rep: Whose it is; None where nobody's.
        since: Since when it holds; with the key it names the alert.
        text: One sentence for a person.
        scope: Of a target: empty for all, else one dimension and its value.
        kpi: Of a target: the KPI, which the text begins with; empty where it is of something else.
        channel: Of a lead: where it came from; empty where that is not known.
    """

    kind: str
    subject: str
    rep: str | None
    since: str
    text: str
    scope: dict[str, str] = {}
    channel: str = ""
    kpi: str = ""


_decoder = json.Decoder(Alert)


def decode(record: bytes) -> Alert:
    """Read a record. Raises msgspec.DecodeError for what is none."""
    return _decoder.decode(record)
