"""The picture of the demo in the README: its screen at a fixed instant, computed without Kafka."""

import io
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import orjson
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from streams.config.settings import Settings
from streams.demo.simulation.company import EventData
from streams.demo.simulation.traffic import ScheduledRequest, Traffic
from streams.demo.terminal.screen import (
    Addresses,
    Pulse,
    draw,
)
from streams.demo.terminal.shown_values import ShownValues
from streams.engine.calendars.calendar import Calendar, milliseconds
from streams.operations.replay import replay

FILE = "demo.svg"
TITLE = "make demo"
WIDTH, HEIGHT = 100, 39
SEED = 1
TIMEZONE, CURRENCY = "Europe/Berlin", "EUR"
# On a Wednesday afternoon, so that "today" has something to show.
BEGAN = "2026-03-04T15:00:00+01:00"
LIVE_SECONDS = 75
RATE_SECONDS = 5
# Within the range that `make demo` showed on two cores, 85 to 124 ms.
LATENCY_MS = 104
PLACES = Addresses(
    gateway="http://127.0.0.1:8080",
    page="http://127.0.0.1:8090",
    token="qZ3tX0bJmD5wR8nYkVhE2sLc",  # noqa: S106  # opens nothing
    metrics=("http://127.0.0.1:9464/metrics", "http://127.0.0.1:9465/metrics"),
    bootstrap="127.0.0.1:9092",
    logs=".data/demo",
    since="2026-03-04T14:00:00Z",
)
THEME = TerminalTheme(
    (13, 17, 23),
    (222, 228, 235),
    [
        (13, 17, 23),
        (255, 123, 114),
        (86, 211, 100),
        (227, 179, 65),
        (88, 166, 255),
        (188, 140, 255),
        (86, 205, 214),
        (222, 228, 235),
    ],
    [
        (145, 154, 165),
        (255, 161, 152),
        (126, 231, 135),
        (242, 204, 96),
        (121, 192, 255),
        (210, 168, 255),
        (130, 224, 231),
        (255, 255, 255),
    ],
)
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"


class Moment(NamedTuple):
    """What the screen shows at an instant `now`, in milliseconds."""

    values: ShownValues
    pulse: Pulse
    now: int


def write(folder: Path) -> Path:
    """Draw the picture into a folder and give its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(picture(), encoding="utf-8")
    return path


def picture() -> str:
    """Draw the screen as SVG, always the same."""
    values, pulse, now = moment()
    console = Console(
        record=True, width=WIDTH, height=HEIGHT, file=io.StringIO(), force_terminal=True
    )
    console.print(draw(values, pulse, PLACES, now, WIDTH, HEIGHT))
    drawn = console.export_svg(title=TITLE, theme=THEME, unique_id="demo")
    # Browsers load no fonts for a picture inside a page.
    drawn = re.sub(r"\s*@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    drawn = drawn.replace("Fira Code, monospace", FONTS)
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def moment() -> Moment:
    """Compute what there is to see LIVE_SECONDS after the demo began."""
    began = milliseconds(datetime.fromisoformat(BEGAN))
    now = began + LIVE_SECONDS * 1_000
    calendar = Calendar(TIMEZONE)
    company = Traffic(SEED, began, calendar, CURRENCY)
    reference, history = company.reference(), company.history()
    earlier = list(company.due(now - RATE_SECONDS * 1_000))
    latest = list(company.due(now))
    sent = [*history, *earlier, *latest]
    kinds = Counter(delivery.kind for delivery in sent)
    pulse = Pulse(
        seconds=LIVE_SECONDS,
        rate=len(latest) / RATE_SECONDS,
        posted=len(reference) + len(sent),
        duplicates=kinds["duplicate"],
        corrections=kinds["correction"],
        late=sum(delivery.is_late for delivery in sent),
        latency_ms=LATENCY_MS,
    )
    return Moment(_shown_values(reference, sent, calendar, now), pulse, now)


def _shown_values(
    reference: list[EventData], sent: list[ScheduledRequest], calendar: Calendar, now: int
) -> ShownValues:
    events = [*reference, *(delivery.event for delivery in sent)]
    settings = Settings(now=now, timezone=TIMEZONE, currency=CURRENCY)
    values = ShownValues(calendar)
    for line in replay(map(orjson.dumps, events), settings):
        record = orjson.loads(line)
        scope = "".join(f"{dimension}={value}" for dimension, value in record["scope"].items())
        values.update(
            f"{record['kpi']}|{scope or 'all'}|{record['window']}|{record['start']}", line
        )
    return values
