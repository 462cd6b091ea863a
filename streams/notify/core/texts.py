"""The words of a message: a title, and a line for each change or KPI."""

from collections import Counter
from collections.abc import Iterator

from streams.languages import LANGUAGES
from streams.languages.language import language
from streams.notify.core.alert import Alert
from streams.notify.core.message import AnyMessage, Change, ReportMessage

AFTERWARDS = {"ended": "No longer so", "moved": "Now somebody else's"}


def has_list(message: AnyMessage) -> bool:
    """Whether the title leaves something to be listed."""
    return isinstance(message, ReportMessage) or len(message.changes) > 1


def title(message: AnyMessage) -> str:
    """Return what a message is about, in one line."""
    if isinstance(message, ReportMessage):
        return message.title
    if len(message.changes) == 1:
        return _line(message.changes[0])
    kinds = Counter(change.alert.kind for change in message.changes if change.action == "raised")
    raised = sum(kinds.values())
    gone = len(message.changes) - raised
    parts = []
    if raised:
        listed = ", ".join(f"{count} {kind_text(kind)}" for kind, count in kinds.most_common())
        parts.append(f"{raised} new {'alert' if raised == 1 else 'alerts'} ({listed})")
    if gone:
        what = "" if raised else (" alert" if gone == 1 else " alerts")
        parts.append(f"{gone}{what} no longer {'holds' if gone == 1 else 'hold'}")
    return "; ".join(parts)


def lines(message: AnyMessage, limit: int) -> Iterator[str]:
    """Yield a line for each change, new ones first, and one for those beyond a limit.

    Of a report, which has no more than can be read, each KPI has one.
    """
    if isinstance(message, ReportMessage):
        yield from (each.text for each in message.kpis)
        return
    ordered = sorted(message.changes, key=lambda change: change.action != "raised")
    yield from map(_line, ordered[:limit])
    if len(ordered) > limit:
        yield f"… and {len(ordered) - limit} more"


def kind_text(kind: str) -> str:
    """Return the name of a kind for people."""
    return kind.replace("_", " ")


def _line(change: Change) -> str:
    alert = change.alert
    sentence = " ".join(_sentence(alert).split())
    named = ", ".join(filter(None, (alert.rep, alert.channel)))
    whose = f" ({named})" if named else ""
    before = AFTERWARDS.get(change.action)
    return f"{before}: {sentence}{whose}" if before else f"{sentence}{whose}"


def _sentence(alert: Alert) -> str:
    """Give the text of an alert, in English as published, with the KPI's name for its id."""
    if not alert.kpi or not alert.text.startswith(f"{alert.kpi} "):
        return alert.text
    return language(LANGUAGES[0]).title(alert.kpi) + alert.text.removeprefix(alert.kpi)
