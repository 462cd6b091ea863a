"""The sentence of an alert, in a reader's language."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from string import Formatter
from typing import Any

from streams.events.labels import split_names
from streams.languages.format import MONEY, Formats

TARGETS = "target_off_pace"
# An invisible pair of signs around a name, which may run in another direction than the sentence.
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"


def sentence(alert: Mapping[str, Any], formats: Formats) -> str:
    """Write what an alert says, as a record of `sales.alerts` has it.

    Kinds of one's own, and records that lack what a sentence needs, have their published text.
    Instants are shown by the clock that the record has them in.
    """
    key = f"alert_text.{alert['kind']}"
    if not formats.language.has(key):
        return str(alert["text"])
    values = _values(alert, formats)
    template = formats.language.text(key)
    if not {name for _, name, _, _ in Formatter().parse(template) if name} <= values.keys():
        return str(alert["text"])
    return template.format(**values)


def target_name(alert: Mapping[str, Any], formats: Formats) -> str:
    """Name the KPI of an alert about a target, and whose it is."""
    scope = "".join(alert["scope"].values()) or formats.language.text("scope.all")
    return f"{formats.language.title(alert['kpi'])}, {scope}"


def _values(alert: Mapping[str, Any], formats: Formats) -> dict[str, str]:
    """Fill the places that the record has something for."""
    if alert["kind"] == TARGETS:
        return _of_target(alert, formats)
    names, text = split_names(str(alert["subject"])), formats.language.text
    owner, within = _name(names[0], formats), _name(names[-1], formats)
    found = {"owner": owner, "within": within, "subject": _name("/".join(names), formats)}
    if alert.get("since"):
        found["since"] = _since(alert, formats)
    if after_ms := alert.get("rule", {}).get("after_ms"):
        found["after"] = formats.span(after_ms)
    if alert.get("amount") is None:
        return found | {"amount": text("alert_text.unknown_amount"), "worth": ""}
    amount = formats.exact(Decimal(alert["amount"]), f"{MONEY}{alert['currency']}")
    return found | {"amount": amount, "worth": text("alert_text.worth", amount=amount)}


def _of_target(alert: Mapping[str, Any], formats: Formats) -> dict[str, str]:
    if not {"rule", "kpi", "start", "end"} <= {name for name, value in alert.items() if value}:
        return {}
    return {
        "subject": target_name(alert, formats),
        "below": formats.percent(Decimal(alert["rule"]["below"])),
        "days": formats.days(_day(alert["start"]), _day(alert["end"]) - timedelta(days=1)),
    }


def _since(alert: Mapping[str, Any], formats: Formats) -> str:
    """What begins with a day is told by its day."""
    since = datetime.fromisoformat(alert["since"])
    day = formats.days(since.date(), since.date())
    is_midnight = since == since.replace(hour=0, minute=0, second=0, microsecond=0)
    return day if is_midnight else f"{day}, {formats.time(since)}"


def _day(instant: str) -> date:
    return datetime.fromisoformat(instant).date()


def _name(name: str, formats: Formats) -> str:
    if formats.language.direction == "ltr":
        return name
    return f"{FIRST_STRONG_ISOLATE}{name}{POP_ISOLATE}"
