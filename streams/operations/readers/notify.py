"""Notifications: what waits to be sent, and what should have been sent by now.

Nobody is in a group that says whether `sales-kpis notify` runs. What is to be sent follows from the
alerts, the rules and what was sent: this decides it again, by the code that the process has.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec import DecodeError

from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.kafka.errors import Fatal
from streams.kafka.reader import ends, read_to
from streams.kafka.topics import ALERTS
from streams.notify.clock import now_ms
from streams.notify.core.dispatcher import Dispatcher
from streams.notify.core.reports.desk import ReportDesk
from streams.notify.reporting import published
from streams.notify.reps import FutureReps, read_reps
from streams.notify.state_records import AnyOutbox, apply, partition, restore
from streams.operations.findings import Finding
from streams.output.reader import read_from
from streams.wiring.catalogue import catalogue

# What is due is sent within seconds, unless its receiver is slow.
GRACE_MS = 60_000
LISTED = 10


@dataclass
class NotifyBacklog:
    """What is to be sent; counts are by the names of routes and reports.

    Attributes:
        waiting: Alerts to be sent or withdrawn, and reports, whether due or not.
        overdue: Those of them that were due a minute ago.
        unanswered: By recipient since when a message has had no answer, in milliseconds.
        unaddressed: By route the reps with alerts that are to be mailed to them, and no address.
        unreadable: Keys of alerts that are none.
    """

    waiting: Counter[str] = field(default_factory=Counter)
    overdue: Counter[str] = field(default_factory=Counter)
    unanswered: dict[str, int] = field(default_factory=dict)
    unaddressed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unreadable: list[str] = field(default_factory=list)


async def notify_backlog(
    settings: Settings, rules: Rules, clock: Callable[[], int] = now_ms
) -> NotifyBacklog:
    """Decide what is to be sent now; `clock` gives the time in milliseconds.

    Raises TopicsMissing, and Fatal if Kafka cannot be read.
    """
    dispatcher = Dispatcher(rules.notify, settings.timezone)
    desk = None
    if rules.notify.reports:
        desk = ReportDesk(rules.notify, published(catalogue(settings, rules)))
    state: dict[bytes, bytes] = {}
    stops = await ends(settings, [partition(settings)], committed=True)
    async for _, records in read_to(settings, stops):
        for record in records:
            apply(state, record)
    restore(dispatcher, desk, state)
    await _read_reps(settings, dispatcher, clock())
    found = NotifyBacklog(unreadable=await _read_alerts(settings, dispatcher))
    _decide(found, dispatcher, desk, clock())
    return found


async def _read_reps(settings: Settings, dispatcher: Dispatcher, at: int) -> None:
    future = FutureReps()
    async with aclosing(read_reps(settings)) as batches:
        async for records, is_caught_up in batches:
            future.add(records)
            if is_caught_up:
                break
    for each in future.due(at):
        dispatcher.update_rep(each, at)


async def _read_alerts(settings: Settings, dispatcher: Dispatcher) -> list[str]:
    """Let the dispatcher have every alert when it was written; return the keys of what is none."""
    unreadable = []
    ended: dict[str, int] = {}
    async with aclosing(read_from(settings, ALERTS)) as batches:
        async for batch in batches:
            for each in batch.entries:
                ended.pop(each.key, None)
                if each.record is None:
                    ended[each.key] = each.written_ms
                try:
                    dispatcher.update_alert(each.key, each.record, each.written_ms)
                except DecodeError:
                    unreadable.append(each.key)
            if batch.is_caught_up:
                break
    # Of an alert whose record is compacted, the dispatcher does not know whose it was.
    for outbox in dispatcher.outboxes.values():
        for key in ended.keys() & outbox.sent.keys():
            outbox.update(key, None, ended[key])
    return unreadable


def _decide(found: NotifyBacklog, dispatcher: Dispatcher, desk: ReportDesk | None, at: int) -> None:
    dispatcher.begin(at)
    outboxes: list[AnyOutbox] = [*dispatcher.outboxes.values()]
    if desk is not None:
        desk.begin(at)
        outboxes += desk.outboxes.values()
        for due in desk.due(at - GRACE_MS):
            found.waiting[due.report.name] += len(due.outboxes)
            found.overdue[due.report.name] += len(due.outboxes)
    for each in outboxes:
        found.waiting[each.recipient.route] += each.pending
        if each.message is not None and each.message.at <= at - GRACE_MS:
            found.unanswered[str(each.recipient)] = each.message.at
    for outbox, message in dispatcher.compose(at - GRACE_MS):
        found.overdue[outbox.recipient.route] += len(message.changes)
    for route, rep in sorted(dispatcher.without_address()):
        found.unaddressed[route].append(rep)
    found.waiting = +found.waiting


async def check_notify(settings: Settings, rules: Rules) -> list[Finding]:
    """Check that alerts and reports are sent; nothing where the rules have no receivers."""
    if not rules.notify.all:
        return []
    try:
        backlog = await notify_backlog(settings, rules)
    except Fatal as error:
        advice = "grant this user Read on it, or run doctor where `sales-kpis notify` runs"
        problem = f"what is to be sent cannot be read: {error}"
        return [Finding(problem, advice=advice, is_doubtful=True)]
    return [_sending(backlog), *_receivers(backlog)]


def _sending(backlog: NotifyBacklog) -> Finding:
    if backlog.overdue:
        return Finding(
            f"alerts and reports should have been sent: {listed(backlog.overdue)}",
            is_fine=False,
            advice="start `sales-kpis notify`; if it runs, its log names what it waits for",
        )
    if backlog.waiting:
        return Finding(
            f"alerts and reports wait for their time or their answer: {listed(backlog.waiting)}"
        )
    return Finding("all alerts and reports are sent")


def _receivers(backlog: NotifyBacklog) -> list[Finding]:
    found = []
    for recipient, since in list(backlog.unanswered.items())[:LISTED]:
        moment = datetime.fromtimestamp(since / 1000, UTC).isoformat(timespec="seconds")
        found.append(
            Finding(
                f"{recipient} has not accepted a message of {moment}",
                advice="the log of `sales-kpis notify` has the reason; `sales-kpis notify --test`"
                " sends a sample",
                is_doubtful=True,
            )
        )
    for route, reps in backlog.unaddressed.items():
        more = f" and {len(reps) - LISTED} more" if len(reps) > LISTED else ""
        found.append(
            Finding(
                f"{route} has alerts for reps without an address: {', '.join(reps[:LISTED])}{more}",
                advice="add them to [notify.addresses]",
                is_doubtful=True,
            )
        )
    return found


def listed(counts: Counter[str]) -> str:
    """Write out counts by route or report."""
    return ", ".join(f"{count:,} of {name}" for name, count in sorted(counts.items()))
