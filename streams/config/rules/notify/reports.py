"""The tables `[[notify.report]]`: which KPIs are reported to whom, when, and in which language."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from streams.config.rules.business import DAYS
from streams.config.rules.notify import receivers
from streams.config.rules.notify.quiet import time_of_day
from streams.config.rules.notify.receivers import Email, Receiver
from streams.config.rules.table import Table, nearest
from streams.config.setting_kinds import zone_complaint
from streams.events.labels import label_of
from streams.languages import LANGUAGES

WINDOWS = ("week", "day", "month", "quarter")
ALL = "all"
# Scopes that stand for people, as those of routes do.
DIMENSIONS = ("team", "rep")
# A longer message is not read, and a chat shows no more of it.
MOST_KPIS = 30


@dataclass(frozen=True, slots=True)
class Every:
    """When a report is due.

    Attributes:
        minute: Minutes after midnight, on the clock of the report's zone.
        day: The day of the week, 0 is Monday; None: every day.
    """

    minute: int
    day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """KPIs of the last complete window, which one receiver gets at certain times.

    Attributes:
        name: Under which is kept what was sent: another name begins again.
        scope: As in keys, `all` or `team=a`; where each rep gets the rep's own, it is not used.
        zone: The zone of `every`; empty: the reporting zone.
        language: The code of the language that it is written in.
    """

    name: str
    receiver: Receiver
    kpis: tuple[str, ...]
    every: Every
    scope: str = ALL
    window: str = "week"
    zone: str = ""
    language: str = LANGUAGES[0]

    @property
    def is_to_reps(self) -> bool:
        """Whether each rep gets a report of the rep's own KPIs."""
        return isinstance(self.receiver, Email) and self.receiver.is_to_reps


@dataclass(frozen=True, slots=True)
class PublishedKpi:
    """What a report may have of a KPI.

    Attributes:
        windows: The kinds of windows that it is published for; none: it is not counted.
        dimensions: By which it is told apart; None: not known before it is counted.
    """

    windows: tuple[str, ...]
    dimensions: tuple[str, ...] | None


PublishedKpis = Mapping[str, PublishedKpi]


def parse(table: Table, known: PublishedKpis) -> Report:
    """Read one table. Raises BadSetting for an invalid rule."""
    report = Report(
        name=receivers.named(table),
        receiver=receivers.parse(table, "report"),
        kpis=table.options("kpis"),
        every=_every(table.table("every")),
        scope=_scope(table),
        window=table.choice("window", WINDOWS, WINDOWS[0]),
        zone=table.text("timezone", ""),
        language=table.choice("language", LANGUAGES, LANGUAGES[0]),
    )
    table.finish()
    if report.zone and (complaint := zone_complaint(report.zone)):
        table.reject("timezone", complaint, "leave it out for the reporting zone")
    if report.is_to_reps and table.has("scope"):
        table.reject("scope", 'stands beside email = "rep"', "each rep gets the rep's own; omit it")
    if not 0 < len(report.kpis) <= MOST_KPIS:
        wrong = f"has {len(report.kpis)} KPIs" if report.kpis else "is empty"
        table.reject("kpis", wrong, f"name 1 to {MOST_KPIS}")
    dimension = "rep" if report.is_to_reps else report.scope.partition("=")[0]
    for number, name in enumerate(report.kpis):
        _check_kpi(table, number, name, dimension, report.window, known)
    return report


def _every(table: Table) -> Every:
    minute = time_of_day(table, "at")
    day = DAYS.index(table.choice("day", DAYS)) if table.has("day") else None
    table.finish()
    return Every(minute, day)


def _scope(table: Table) -> str:
    """Read `all`, `team=a` or `rep=ann`; the name as events have it."""
    text = table.text("scope", ALL)
    dimension, _, name = text.partition("=")
    if text == ALL:
        return text
    if dimension not in DIMENSIONS or not name.strip():
        table.reject("scope", f'is "{text[:40]}"', 'write "all", "team=a" or "rep=ann"')
    return f"{dimension}={label_of(name)}"


def _check_kpi(
    table: Table, number: int, name: str, dimension: str, window: str, known: PublishedKpis
) -> None:
    """Reject a KPI that has no records of the window and the scope."""
    found = known.get(name)
    if found is None:
        do = f"`sales-kpis catalogue` lists the KPIs{nearest(name, known)}"
        table.reject("kpis", f'has "{name[:40]}", which is no KPI', do, number)
    if not found.windows:
        do = "see [catalogue] and [[commission]], or leave it out here"
        table.reject("kpis", f'has "{name}", which is not counted', do, number)
    if window not in found.windows:
        wrong = f'has "{name}", which has no window {window}: it has {_listed(found.windows)}'
        table.reject("kpis", wrong, "choose another window, or leave the KPI out", number)
    if dimension != ALL and found.dimensions is not None and dimension not in found.dimensions:
        wrong = f'has "{name}", which is not told apart by {dimension}'
        table.reject("kpis", wrong, 'write it into a report of the scope "all"', number)


def _listed(names: Collection[str]) -> str:
    return ", ".join(names)
