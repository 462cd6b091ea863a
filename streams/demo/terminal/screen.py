"""The demo as a stranger sees it: a full screen of a terminal, or lines where there is none."""

from dataclasses import dataclass
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from streams.demo.terminal import formats
from streams.demo.terminal.figures import ShownValues

TODAY, WEEK, MONTH = "day", "last_7d", "last_30d"
HEADINGS = {TODAY: "today", WEEK: "last 7 days", MONTH: "last 30 days"}
ROOMY_HEIGHT = 29
WIDE_COLUMNS = 96
WIDER = 120
TREND_WIDTH = 9
# Who a visitor is in the event that the screen offers for pasting.
VISITOR = "you"


class Line(NamedTuple):
    """One KPI on the screen; `better` is 1 if more of it is better, -1 if less is, else 0."""

    label: str
    kpi: str
    better: int


STOCKS = (
    Line("Unanswered >1 h", "unanswered_leads", -1),
    Line("Pipeline", "pipeline_amount", 1),
    Line("Open deals", "pipeline_count", 1),
    Line("Receivables", "receivables", 0),
    Line("Overdue", "overdue", -1),
)
FLOWS = (
    Line("Leads in", "lead_count", 1),
    Line("Response time, mean", "response_time", -1),
    Line("  p50 / p90", "response_time", 0),
    Line("Answered within 1 h", "response_within_hour", 1),
    Line("Contacts per lead", "followup_contacts", 1),
    Line("Calls", "call_count", 1),
    Line("Calls connected", "connect_rate", 1),
    Line("Deals won", "deal_count", 1),
    Line("Close rate", "close_rate", 1),
    Line("Revenue won", "revenue_won", 1),
    Line("Deal size", "deal_size", 1),
)
PER_REP = (
    Line("leads", "lead_count", 1),
    Line("response", "response_time", -1),
    Line("unanswered", "unanswered_leads", -1),
    Line("calls", "call_count", 1),
    Line("won", "deal_count", 1),
    Line("revenue", "revenue_won", 1),
)


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where everything is, to look at or to send to; `since` is a time in UTC that is past."""

    gateway: str
    token: str
    metrics: tuple[str, ...]
    bootstrap: str
    logs: str
    since: str

    def curl(self) -> tuple[str, str, str]:
        """Give the lines of a command that posts a lead of the VISITOR's; pasteable as they are."""
        address = self.gateway.removeprefix("http://")
        return (
            f'curl -H \'Authorization: Bearer {self.token}\' -d \'{{"id":"1",',
            f'"type":"lead.created","subject":"1","rep":"{VISITOR}","at":"{self.since}"}}\' \\',
            f"{address}/events -H Content-Type:application/json",
        )

    def lines(self) -> tuple[str, ...]:
        """Give all of it, a line each."""
        ports = (f"and :{url.rpartition(':')[2].partition('/')[0]}" for url in self.metrics[1:])
        return (
            *self.curl(),
            " ".join((f"Metrics {self.metrics[0]}", *ports)),
            f"Records: sales.kpis at {self.bootstrap}   Ctrl-C ends   Logs: {self.logs}",
        )


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """How the demo itself is doing; `latency_ms` is None where nothing was measured yet.

    `is_catching_up`: the past is not wholly in the KPIs yet, and nothing is measured.
    """

    seconds: float = 0.0
    rate: float = 0.0
    posted: int = 0
    duplicates: int = 0
    corrections: int = 0
    late: int = 0
    latency_ms: int | None = None
    is_catching_up: bool = False
    notice: str = ""


def draw(
    figures: ShownValues, pulse: Pulse, places: Places, now: int, width: int, height: int
) -> RenderableType:
    """Lay the screen out for a terminal of that size; `now` in milliseconds picks the windows."""
    is_roomy = height >= ROOMY_HEIGHT
    gap: list[RenderableType] = [Rule(style="bright_black")] if is_roomy else []
    head = [_title(pulse), _doing(pulse), *gap, _stocks(figures, now, width), *gap]
    foot = [*gap, *_footer(places)]
    flows = _flows(figures, now, width)
    taken = len(head) + 1 + len(FLOWS) + 1 + len(foot)
    # The stocks are two lines.
    reps = height - taken - 1 - len(gap)
    return Group(*head, flows, *gap, *([_reps(figures, now, reps)] if reps > 0 else []), *foot)


def snapshot(figures: ShownValues, pulse: Pulse, now: int) -> str:
    """Say the same in four short lines, for output that is not a terminal."""

    def of(kpi: str, label: str) -> str:
        return f"{label} {formats.value(figures.get(kpi, TODAY, now))}"

    spread = formats.percentiles(figures.get("response_time", TODAY, now))
    return "\n  ".join(
        (
            f"[{pulse.seconds:3.0f} s] {_counts(pulse)}, {_latency(pulse)}",
            f"today: {of('lead_count', 'leads')}, {of('response_time', 'response')} ({spread}),"
            f" {of('response_within_hour', 'within 1 h')}, {of('unanswered_leads', 'unanswered')}",
            f"{of('call_count', 'calls')}, {of('connect_rate', 'connected')},"
            f" {of('deal_count', 'won')}, {of('close_rate', 'close rate')},"
            f" {of('revenue_won', 'revenue')}, {of('deal_size', 'deal size')}",
            f"{of('pipeline_amount', 'pipeline')} in {of('pipeline_count', 'deals:')},"
            f" {of('receivables', 'receivables')}, {of('overdue', 'overdue')}",
        )
    )


def _counts(pulse: Pulse) -> str:
    return (
        f"{pulse.posted:,} events posted ({pulse.duplicates} twice, {pulse.corrections} corrected,"
        f" {pulse.late} late)"
    )


def _latency(pulse: Pulse) -> str:
    if pulse.is_catching_up:
        return "catching up with the past"
    if pulse.latency_ms is None:
        return "posted to visible: –"
    return f"posted to visible: {pulse.latency_ms} ms (p50)"


def _title(pulse: Pulse) -> Text:
    minutes, seconds = divmod(int(pulse.seconds), 60)
    title = Text("Sales KPIs, live", style="bold", no_wrap=True)
    title.append(
        f"   {minutes}:{seconds:02d}   {pulse.rate:.0f} events/s   {_latency(pulse)}",
        style="cyan",
    )
    return title


def _doing(pulse: Pulse) -> Text:
    if pulse.notice:
        return Text(pulse.notice, style="bold yellow", no_wrap=True, overflow="ellipsis")
    text = f"{_counts(pulse)} for an invented company, a day each 20 s"
    return Text(text, style="bright_black", no_wrap=True, overflow="ellipsis")


def _value(figures: ShownValues, line: Line, window: str, now: int) -> Text:
    record = figures.get(line.kpi, window, now)
    if line.label.startswith(" "):
        return Text(formats.percentiles(record), style="bright_black")
    return Text(formats.value(record), style="bold" if record else "bright_black")


def _trend(figures: ShownValues, line: Line, window: str, now: int, *, wide: bool) -> Text:
    if line.label.startswith(" "):
        return Text()
    record = figures.get(line.kpi, window, now)
    way = formats.direction(record)
    sign = {0: "", 1: "▲", -1: "▼"}[way]
    text = f"{sign} {formats.by_how_much(record)}" if wide and way else sign
    return Text(text, style={0: "yellow", 1: "green", -1: "red"}[way * line.better])


def _stocks(figures: ShownValues, now: int, width: int) -> Table:
    table = Table.grid(expand=True, padding=(0, 1, 0, 0))
    for _ in STOCKS:
        table.add_column(no_wrap=True, ratio=1)
    table.add_row(*(Text(line.label, style="cyan") for line in STOCKS))
    table.add_row(
        *(
            Text(" ").join(
                (
                    _value(figures, line, TODAY, now),
                    _trend(figures, line, TODAY, now, wide=width >= WIDER),
                )
            )
            for line in STOCKS
        )
    )
    return table


def _flows(figures: ShownValues, now: int, width: int) -> Table:
    table = Table.grid(expand=True, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, width=22)
    wide = width >= WIDE_COLUMNS
    for _ in HEADINGS:
        table.add_column(no_wrap=True, justify="right", ratio=1)
        table.add_column(no_wrap=True, width=TREND_WIDTH if wide else 1)
    cells = [Text("▲▼ vs the time before", style="bright_black")]
    for heading in HEADINGS.values():
        cells += Text(heading, style="cyan"), Text()
    table.add_row(*cells)
    for line in FLOWS:
        cells = [Text(line.label)]
        for window in HEADINGS:
            cells.append(_value(figures, line, window, now))
            cells.append(_trend(figures, line, window, now, wide=wide))
        table.add_row(*cells)
    return table


def _reps(figures: ShownValues, now: int, lines: int) -> Table:
    def won(rep: str) -> tuple[bool, int, str]:
        record = figures.get("deal_count", TODAY, now, rep)
        return (rep != VISITOR, -(record["value"] if record else 0), rep)

    table = Table.grid(expand=True, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, width=16)
    for line in PER_REP:
        table.add_column(no_wrap=True, justify="right", ratio=2 if "re" in line.label else 1)
    table.add_row(
        *(Text(text, style="cyan") for text in ("Reps today", *(c.label for c in PER_REP)))
    )
    for rep in sorted(figures.reps(), key=won)[:lines]:
        cells = (formats.value(figures.get(line.kpi, TODAY, now, rep)) for line in PER_REP)
        table.add_row(Text(rep, style="bold yellow" if rep == VISITOR else ""), *cells)
    return table


def _footer(places: Places) -> list[RenderableType]:
    *command, metrics, rest = places.lines()
    metrics += f"   ↑ paste it: “{VISITOR}” get a lead"
    return [
        *(Text(line, style="green", no_wrap=True, overflow="ignore") for line in command),
        *(
            Text(line, style="bright_black", no_wrap=True, overflow="ellipsis")
            for line in (metrics, rest)
        ),
    ]
