"""Alerts as lists: who waits, since when, whose it is."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from streams.events.labels import split_names
from streams.history.store import EndedAlert
from streams.languages.alert_text import TARGETS, sentence, target_name
from streams.page.live.withdrawn import Withdrawal
from streams.page.views.card import Source
from streams.page.views.links import crm_link
from streams.page.views.shown import Needs, Record

MINUTE_MS = 60_000
# A lead that waits is amber from half an hour on, red from an hour on.
AMBER_MS, RED_MS = 30 * MINUTE_MS, 60 * MINUTE_MS
KINDS = (
    "lead_unanswered",
    "lead_one_touch",
    "opportunity_stale",
    "opportunity_expired",
    "invoice_overdue",
    "churn_risk",
    "reorder_due",
    "target_off_pace",
)
LEADS = "lead_unanswered"
MOST_SHOWN = 12
# A page of more would help nobody: the count tells.
MOST_RENDERED = 500
# Alerts whose subject is told by its owner, too.
OWNED = frozenset({"reorder_due"})


class Item(NamedTuple):
    """One alert.

    Attributes:
        href: its address in the CRM, if there is one.
        since_ms: from when its clock runs, Unix time.
        mood: `bad`, `warn` or `even`: how urgent it is.
    """

    key: str
    subject: str
    href: str
    text: str
    rep: str
    rep_href: str
    channel: str
    amount: str
    since: str
    since_ms: int
    waited: str
    mood: str


class Group(NamedTuple):
    """Alerts of one kind, the longest standing first.

    Attributes:
        size: how many there are, those that are not shown among them.
        size_text: the same for people; empty where it is not known, as of another day.
        rest: those that are shown when asked for.
    """

    kind: str
    title: str
    size: int
    size_text: str
    items: Sequence[Item]
    rest: Sequence[Item]
    more: str
    empty: str


class Ended(NamedTuple):
    """An alert that was withdrawn; `kind` and `at` are for people."""

    item: Item
    kind: str
    at: str


class EndedToday(NamedTuple):
    """The alerts that were withdrawn today; the rest is shown when asked for."""

    size_text: str
    items: Sequence[Ended]
    rest: Sequence[Ended]
    more: str


class EndedSince(NamedTuple):
    """An alert of another day that has ended; what it was about is not kept."""

    kind: str
    rep: str
    rep_href: str
    since: str
    ended: str


class PastDay(NamedTuple):
    """What another day's view has beside what stands to this day."""

    note: str
    size_text: str
    items: Sequence[EndedSince]
    more: str


def group(source: Source, kind: str, most: int = MOST_SHOWN, *, has_rest: bool = False) -> Group:
    """Build the list of one kind of alerts; beyond `most` they are counted, or shown on asking."""
    found = sorted(
        (a for a in source.alerts if a["kind"] == kind),
        key=lambda alert: (_clock_start(source, alert), str(alert["subject"])),
    )
    rest = len(found) - most
    decimal = source.formats.decimal
    return Group(
        kind=kind,
        title=source.text(f"alert.{kind}"),
        size=len(found),
        size_text="" if source.choice.as_of and not found else decimal(len(found)),
        items=[_item(source, alert) for alert in found[:most]],
        rest=[_item(source, alert) for alert in found[most:MOST_RENDERED]] if has_rest else [],
        more=source.text("alerts.more", count=decimal(rest)) if rest > 0 else "",
        empty=source.text("alerts.past" if source.choice.as_of else f"empty.{kind}"),
    )


def _item(source: Source, alert: Record) -> Item:
    started = _clock_start(source, alert)
    waited_ms = max(int((source.now - started).total_seconds() * 1_000), 0)
    rep = alert.get("rep") or ""
    return Item(
        key=f"{alert['kind']}|{alert['subject']}",
        subject=_subject(source, alert),
        href=_href(source, alert),
        text=sentence(alert, source.formats),
        rep=rep,
        rep_href=source.choice.address(rep=rep) if rep else "",
        channel=alert.get("channel", ""),
        amount=_amount(source, alert),
        since=source.formats.moment(started.astimezone(source.now.tzinfo)),
        since_ms=int(started.timestamp() * 1_000),
        waited=source.formats.duration(waited_ms),
        mood=mood(alert["kind"], waited_ms),
    )


def ended_today(source: Source) -> EndedToday:
    """Build the list of what was withdrawn today, the newest first."""
    found = [_ended(source, each) for each in source.withdrawn[:MOST_RENDERED]]
    decimal, rest = source.formats.decimal, len(source.withdrawn) - MOST_SHOWN
    return EndedToday(
        size_text=decimal(len(source.withdrawn)),
        items=found[:MOST_SHOWN],
        rest=found[MOST_SHOWN:],
        more=source.text("alerts.more", count=decimal(rest)) if rest > 0 else "",
    )


def _ended(source: Source, withdrawal: Withdrawal) -> Ended:
    alert = orjson.loads(withdrawal.record)
    at = datetime.fromtimestamp(withdrawal.at_ms / 1_000, source.now.tzinfo)
    kind = source.text(f"alert.{alert['kind']}")
    return Ended(_item(source, alert), kind, source.formats.time(at))


def past_day(source: Source) -> PastDay | None:
    """Build the list of what has ended since the day that is shown; None of today."""
    if source.choice.as_of is None:
        return None
    decimal, rest = source.formats.decimal, len(source.ended) - MOST_RENDERED
    return PastDay(
        note=source.text("alerts.past_note"),
        size_text=decimal(len(source.ended)),
        items=[_ended_since(source, each) for each in source.ended[:MOST_RENDERED]],
        more=source.text("alerts.more", count=decimal(rest)) if rest > 0 else "",
    )


def _ended_since(source: Source, alert: EndedAlert) -> EndedSince:
    since, ended = (
        source.formats.moment(datetime.fromtimestamp(at_ms / 1_000, source.now.tzinfo))
        for at_ms in (alert.since_ms, alert.ended_ms)
    )
    return EndedSince(
        kind=source.text(f"alert.{alert.kind}"),
        rep=alert.rep or "",
        rep_href=source.choice.address(rep=alert.rep) if alert.rep else "",
        since=source.text("alerts.since", moment=since),
        ended=ended,
    )


def mood(kind: str, waited_ms: int) -> str:
    """Tell how urgent an alert is."""
    if kind != LEADS:
        return "even"
    return "bad" if waited_ms >= RED_MS else "warn" if waited_ms >= AMBER_MS else "even"


def _clock_start(source: Source, alert: Record) -> datetime:
    since = datetime.fromisoformat(alert["since"])
    if alert["kind"] != LEADS or counts_business_hours(source):
        return since
    after_ms: int = alert.get("rule", {}).get("after_ms") or 0
    return datetime.fromtimestamp(since.timestamp() - after_ms / 1_000, since.tzinfo)


def counts_business_hours(source: Source) -> bool:
    """Whether leads wait in business hours only: the clock then shows by how much too long."""
    settings: Any = source.catalogue.get("settings", {})
    definitions = settings.get("rules", {}).get("definitions", {})
    return bool(definitions.get("business"))


def _subject(source: Source, alert: Record) -> str:
    if alert["kind"] == TARGETS:
        return target_name(alert, source.formats)
    names = split_names(str(alert["subject"]))
    return " · ".join(names) if alert["kind"] in OWNED else names[-1]


def _href(source: Source, alert: Record) -> str:
    """Give the address in the CRM of what is named last: the deal, or else its lead."""
    found = (crm_link(source.links, name) for name in reversed(split_names(str(alert["subject"]))))
    return next(filter(None, found), "")


def _amount(source: Source, alert: Record) -> str:
    if alert.get("amount") is None:
        return ""
    return source.formats.money(Decimal(alert["amount"]), alert["currency"])


def needs() -> Needs:
    """Return what the view reads: alerts alone."""
    return Needs(frozenset(), frozenset(), frozenset(), frozenset())


def build(source: Source) -> dict[str, Any]:
    """Build the view: every kind that has an alert, then those that have none, by name."""
    groups = [group(source, kind, has_rest=True) for kind in KINDS]
    return {
        "groups": [found for found in groups if found.size],
        "quiet": [found.title for found in groups if not found.size],
        "ended": ended_today(source),
        "past": past_day(source),
    }
