"""How far a value is on the way to its target."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from streams.languages.format import Formats

BAR_ROOM = 1.1
PERCENT = 100.0
Record = Mapping[str, Any]


class Bar(NamedTuple):
    """A value and its target on a line; `filled` and `tick` in percent of it."""

    filled: float
    tick: float
    pace: str
    is_met: bool


def bar(formats: Formats, record: Record | None, *, grows: bool) -> Bar | None:
    """Place a value and its target on a line; None without a target or a value.

    What `grows` with time towards a target has a pace, too.
    """
    if record is None or record.get("target") is None or record.get("value") is None:
        return None
    value, target = Decimal(str(record["value"])), Decimal(str(record["target"]))
    room = max(value, target) * Decimal(str(BAR_ROOM))
    if room <= 0:
        return None
    return Bar(
        filled=round(max(float(value / room), 0.0) * PERCENT, 1),
        tick=round(float(target / room) * PERCENT, 1),
        pace=_pace(formats, record) if grows else "",
        is_met=bool(record.get("met")),
    )


def target_text(formats: Formats, record: Record | None) -> str:
    """Write out the target of a record; empty without one."""
    if record is None or record.get("target") is None:
        return ""
    shown = formats.value(record["kpi"], str(record["target"]), record["unit"])
    return formats.language.text("card.target", target=shown.text)


def _pace(formats: Formats, record: Record) -> str:
    if record.get("pace") is None or record.get("projected") is None:
        return ""
    projected = formats.value(record["kpi"], record["projected"], record["unit"])
    percent = formats.percent(record["pace"])
    return formats.language.text("card.pace", pace=percent, projected=projected.text)
