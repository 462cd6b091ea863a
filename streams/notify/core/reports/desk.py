"""The desk of reports: which are due to whom, and their messages."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from streams.config.rules.notify import NotifyRules
from streams.config.rules.notify.receivers import Email
from streams.config.rules.notify.reports import Report
from streams.engine.calendars.calendar import Calendar
from streams.languages.format import Formats
from streams.languages.language import language
from streams.notify.core.message import Recipient, ReportMessage, report_id
from streams.notify.core.reports.figures import Asked, Figures
from streams.notify.core.reports.occasions import Occasion, next_occasion, occasion
from streams.notify.core.reports.outbox import ReportOutbox, ReportState
from streams.notify.core.reports.text import Described, reported, title


class Published(NamedTuple):
    """What is published, as far as reports need it.

    Attributes:
        calendar: Whose windows records have.
        kinds: The kind of parts of each KPI's records.
        described: Unit and what is better, of each KPI.
    """

    calendar: Calendar
    kinds: Mapping[str, str]
    described: Mapping[str, Described]


class Due(NamedTuple):
    """A report that is due to some of its recipients."""

    report: Report
    occasion: Occasion
    outboxes: tuple[ReportOutbox, ...]


class ReportDesk:
    """Decides which reports are sent; instants are in milliseconds.

    First the state is restored, then `begin` is called.
    """

    def __init__(self, rules: NotifyRules, published: Published) -> None:
        self._published = published
        self._zones = {
            report.name: ZoneInfo(report.zone) if report.zone else published.calendar.zone
            for report in rules.reports
        }
        self._reports = {report: recipients(report, rules) for report in rules.reports}
        self._known = {each for found in self._reports.values() for each in found}
        self._outboxes: dict[Recipient, ReportOutbox] = {}

    @property
    def outboxes(self) -> Mapping[Recipient, ReportOutbox]:
        """The outbox of every recipient, once begun."""
        return MappingProxyType(self._outboxes)

    def knows(self, recipient: Recipient) -> bool:
        """Whether the rules still have a recipient of a report."""
        return recipient in self._known

    def restore(self, recipient: Recipient, state: ReportState) -> None:
        """Restore what was kept of a recipient."""
        self._outboxes[recipient] = ReportOutbox(recipient, state)

    def begin(self, at: int) -> list[ReportOutbox]:
        """Return the outboxes of recipients that are new, which get what is due from now on.

        What was on its way is given up where the report of a later window is due by now.
        """
        for outbox in self._outboxes.values():
            outbox.give_up(at)
        new = [
            ReportOutbox(recipient, ReportState(since=at))
            for recipients in self._reports.values()
            for recipient in recipients
            if recipient not in self._outboxes
        ]
        self._outboxes.update((outbox.recipient, outbox) for outbox in new)
        return new

    def due(self, at: int) -> list[Due]:
        """Return what is due at an instant and neither done nor on its way."""
        return [each for each in map(self._due, self._reports, [at] * len(self._reports)) if each]

    def _due(self, report: Report, at: int) -> Due | None:
        found = occasion(
            report.every, self._zones[report.name], report.window, self._published.calendar, at
        )
        outboxes = tuple(
            outbox
            for outbox in map(self._outboxes.__getitem__, self._reports[report])
            if outbox.is_due(found.at, report.window, found.window.start)
        )
        return Due(report, found, outboxes) if outboxes else None

    def next_at(self, at: int) -> int | None:
        """Return when a report is due next after an instant; None without reports."""
        return min(
            (next_occasion(report.every, self._zones[report.name], at) for report in self._reports),
            default=None,
        )

    def asked(self, due: Due) -> Asked:
        """Return which records a report needs."""
        window = due.occasion.window
        return Asked(
            kpis={kpi: self._published.kinds[kpi] for kpi in due.report.kpis},
            scopes={_scope(due.report, outbox.recipient) for outbox in due.outboxes},
            window=window,
            before=self._published.calendar.preceding(window),
        )

    def compose(self, due: Due, figures: Figures, at: int) -> Iterator[ReportOutbox]:
        """Put a report on its way to each recipient that it is due to, and yield the outbox."""
        for outbox in due.outboxes:
            outbox.send(self._message(due, outbox.recipient, figures, at))
            yield outbox

    def _message(self, due: Due, recipient: Recipient, figures: Figures, at: int) -> ReportMessage:
        report, window, calendar = due.report, due.occasion.window, self._published.calendar
        formats, scope = Formats(language(report.language)), _scope(report, recipient)
        start, end = map(calendar.text, calendar.bounds(window))
        return ReportMessage(
            id=report_id(recipient, window.kind, start),
            at=at,
            ends_at=due.occasion.next_at,
            title=title(formats, report.name, scope, window, calendar.following(window)),
            language=report.language,
            scope=scope,
            window=window.kind,
            first_day=window.start,
            start=start,
            end=end,
            kpis=tuple(
                reported(
                    formats,
                    kpi,
                    self._published.described[kpi],
                    window.kind,
                    figures.figure(kpi, scope),
                )
                for kpi in report.kpis
            ),
        )


def recipients(report: Report, rules: NotifyRules) -> tuple[Recipient, ...]:
    """Return who gets a report."""
    if report.is_to_reps:
        return tuple(Recipient(report.name, rep) for rep in rules.addresses)
    if isinstance(report.receiver, Email):
        return tuple(Recipient(report.name, address) for address in report.receiver.to)
    return (Recipient(report.name),)


def _scope(report: Report, recipient: Recipient) -> str:
    return f"rep={recipient.whom}" if report.is_to_reps else report.scope
