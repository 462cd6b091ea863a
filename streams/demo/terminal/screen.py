"""The demo's output: a full screen of a terminal, or lines where there is none."""

from dataclasses import dataclass
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from streams.demo.terminal import formats
from streams.demo.terminal.shown_values import ShownValues

TODAY, WEEK, MONTH = "day", "last_7d", "last_30d"
HEADINGS = {TODAY: "today", WEEK: "last 7 days", MONTH: "last 30 days"}
# From this height on there are rules between the parts.
RULES_HEIGHT = 29
# From these widths on changes are shown beside the flows, and beside the stocks too.
FLOW_TRENDS_WIDTH = 96
STOCK_TRENDS_WIDTH = 120
TREND_WIDTH = 9
# The rep of the event that the screen offers for pasting.
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
class Addresses:
    """The addresses of a running demo; `since` is a time in UTC that has passed."""

    gateway: str
    page: str
    token: str
    metrics: tuple[str, ...]
    bootstrap: str
    logs: str
    since: str

    def curl(self) -> tuple[str, str, str]:
        """Return the lines of a command that posts a lead of the VISITOR, ready to be pasted."""
        address = self.gateway.removeprefix("http://")
        return (
            f'curl -H \'Authorization: Bearer {self.token}\' -d \'{{"id":"1",',
            f'"type":"lead.created","subject":"1","rep":"{VISITOR}","at":"{self.since}"}}\' \\',
            f"{address}/events -H Content-Type:application/json",
        )

    def lines(self) -> tuple[str, ...]:
        """Return all addresses as lines of text."""
        ports = (f"and :{url.rpartition(':')[2].partition('/')[0]}" for url in self.metrics[1:])
        return (
            f"Page {self.page}",
            *self.curl(),
            " ".join((f"Metrics {self.metrics[0]}", *ports)),
            f"Records: sales.kpis at {self.bootstrap}   Ctrl-C ends   Logs: {self.logs}",
        )


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """The state of the demo itself; `latency_ms` is None before the first measurement.

    While `is_catching_up`, the history is being processed, and nothing is measured.
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
    values: ShownValues, pulse: Pulse, addresses: Addresses, now: int, width: int, height: int
) -> RenderableType:
    """Lay the screen out for a terminal size; `now` in milliseconds selects the windows."""
    gap: list[RenderableType] = [Rule(style="bright_black")] if height >= RULES_HEIGHT else []
    head = [_title(pulse), _notice(pulse), *gap, _stocks(values, now, width), *gap]
    foot = [*gap, *_footer(addresses)]
    flows = _flows(values, now, width)
    used = len(head) + 1 + len(FLOWS) + 1 + len(foot)
    # The stocks are two lines.
    reps = height - used - 1 - len(gap)
    return Group(*head, flows, *gap, *([_reps(values, now, reps)] if reps > 0 else []), *foot)


def snapshot(values: ShownValues, pulse: Pulse, now: int) -> str:
    """Return the main values in four short lines, for output that is not a terminal."""

    def of(kpi: str, label: str) -> str:
        return f"{label} {formats.value(values.get(kpi, TODAY, now))}"

    spread = formats.percentiles(values.get("response_time", TODAY, now))
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
        return "catching up with the history"
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


def _notice(pulse: Pulse) -> Text:
    if pulse.notice:
        return Text(pulse.notice, style="bold yellow", no_wrap=True, overflow="ellipsis")
    text = f"{_counts(pulse)} for an invented company, a day each 20 s"
    return Text(text, style="bright_black", no_wrap=True, overflow="ellipsis")


def _value(values: ShownValues, line: Line, window: str, now: int) -> Text:
    record = values.get(line.kpi, window, now)
    if line.label.startswith(" "):
        return Text(formats.percentiles(record), style="bright_black")
    return Text(formats.value(record), style="bold" if record else "bright_black")


def _trend(values: ShownValues, line: Line, window: str, now: int, *, has_amount: bool) -> Text:
    if line.label.startswith(" "):
        return Text()
    record = values.get(line.kpi, window, now)
    direction = formats.direction(record)
    sign = {0: "", 1: "▲", -1: "▼"}[direction]
    text = f"{sign} {formats.change(record)}" if has_amount and direction else sign
    return Text(text, style={0: "yellow", 1: "green", -1: "red"}[direction * line.better])


def _stocks(values: ShownValues, now: int, width: int) -> Table:
    table = Table.grid(expand=True, padding=(0, 1, 0, 0))
    for _ in STOCKS:
        table.add_column(no_wrap=True, ratio=1)
    table.add_row(*(Text(line.label, style="cyan") for line in STOCKS))
    table.add_row(
        *(
            Text(" ").join(
                (
                    _value(values, line, TODAY, now),
                    _trend(values, line, TODAY, now, has_amount=width >= STOCK_TRENDS_WIDTH),
                )
            )
            for line in STOCKS
        )
    )
    return table


def _flows(values: ShownValues, now: int, width: int) -> Table:
    table = Table.grid(expand=True, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, width=22)
    has_amount = width >= FLOW_TRENDS_WIDTH
    for _ in HEADINGS:
        table.add_column(no_wrap=True, justify="right", ratio=1)
        table.add_column(no_wrap=True, width=TREND_WIDTH if has_amount else 1)
    cells = [Text("▲▼ vs the time before", style="bright_black")]
    for heading in HEADINGS.values():
        cells += Text(heading, style="cyan"), Text()
    table.add_row(*cells)
    for line in FLOWS:
        cells = [Text(line.label)]
        for window in HEADINGS:
            cells.append(_value(values, line, window, now))
            cells.append(_trend(values, line, window, now, has_amount=has_amount))
        table.add_row(*cells)
    return table


def _reps(values: ShownValues, now: int, lines: int) -> Table:
    def order(rep: str) -> tuple[bool, int, str]:
        record = values.get("deal_count", TODAY, now, rep)
        return (rep != VISITOR, -(record["value"] if record else 0), rep)

    table = Table.grid(expand=True, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, width=16)
    for line in PER_REP:
        table.add_column(no_wrap=True, justify="right", ratio=2 if "re" in line.label else 1)
    table.add_row(
        *(Text(text, style="cyan") for text in ("Reps today", *(c.label for c in PER_REP)))
    )
    for rep in sorted(values.reps(), key=order)[:lines]:
        cells = (formats.value(values.get(line.kpi, TODAY, now, rep)) for line in PER_REP)
        table.add_row(Text(rep, style="bold yellow" if rep == VISITOR else ""), *cells)
    return table


def _footer(addresses: Addresses) -> list[RenderableType]:
    page, *command, metrics, rest = addresses.lines()
    metrics += f"   ↑ paste it: “{VISITOR}” get a lead"
    return [
        Text(page, style="bold cyan", no_wrap=True),
        *(Text(line, style="green", no_wrap=True, overflow="ignore") for line in command),
        *(
            Text(line, style="bright_black", no_wrap=True, overflow="ellipsis")
            for line in (metrics, rest)
        ),
    ]
