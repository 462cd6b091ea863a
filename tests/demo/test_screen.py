"""The screen at usual sizes, with all values and with none."""

import io
import shlex
from datetime import UTC, datetime

import orjson
import pytest
from rich.console import Console

from streams.demo.terminal.canvas import Canvas
from streams.demo.terminal.screen import (
    FLOWS,
    PER_REP,
    STOCKS,
    Addresses,
    Pulse,
    draw,
    snapshot,
)
from streams.demo.terminal.shown_values import ShownValues
from streams.events import Rejected, decode
from tests.demo.sample import (
    ADDRESSES,
    CALENDAR,
    NOW,
    shown_values,
)

PULSE = Pulse(
    seconds=75, rate=18.4, posted=8_123, duplicates=321, corrections=112, late=98, latency_ms=213
)
SIZES = [(80, 24), (100, 30), (200, 60)]


def lines(view: ShownValues, width: int, height: int, pulse: Pulse = PULSE) -> list[str]:
    """Draw the screen and return its text, line by line."""
    console = Console(record=True, width=width, height=height, file=io.StringIO())
    console.print(draw(view, pulse, ADDRESSES, NOW, width, height))
    return console.export_text().splitlines()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_screen_fits_and_has_every_kpi_with_a_value(width: int, height: int) -> None:
    drawn = lines(shown_values(), width, height)
    assert len(drawn) <= height
    assert max(map(len, drawn)) <= width
    text = "\n".join(drawn)
    for line in (*STOCKS, *FLOWS):
        assert line.label in text
    above_the_reps = text[: text.index("Reps today")]
    assert "–" not in above_the_reps
    assert "Ana Ruiz" in text or "Hana Sato" in text


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_empty_screen_has_every_kpi_without_a_value(width: int, height: int) -> None:
    drawn = lines(ShownValues(CALENDAR), width, height, Pulse())
    assert len(drawn) <= height
    for line in FLOWS:
        (shown,) = [text for text in drawn if text.startswith(line.label)][:1]
        assert shown.split()[-3:] == ["–", "–", "–"]
    assert "posted to visible: –" in drawn[0]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_footer_has_every_address_in_full(width: int, height: int) -> None:
    text = "\n".join(lines(shown_values(), width, height))
    for part in ("http://127.0.0.1:29464/metrics", ":29465", "127.0.0.1:29092", ".data/demo"):
        assert part in text
    assert "Ctrl-C ends" in text
    for line in ADDRESSES.curl():
        assert line in text


def test_pasted_command_posts_an_event_with_the_token() -> None:
    program, *arguments = shlex.split("\n".join(ADDRESSES.curl()).replace("\\\n", ""))
    assert program == "curl"
    assert f"Authorization: Bearer {ADDRESSES.token}" in arguments
    assert "127.0.0.1:28080/events" in arguments
    event = decode(arguments[arguments.index("-d") + 1].encode())
    assert not isinstance(event, Rejected)
    assert event.at == datetime(2026, 3, 4, 15, tzinfo=UTC)


def test_curl_fits_80_columns_whatever_the_port() -> None:
    assert max(map(len, ADDRESSES.curl())) <= 80


def test_visitors_lead_is_first_among_the_reps() -> None:
    view = shown_values()
    record = {"value": 1, "unit": "count", "change": 1, "previous": 0}
    view.update("lead_count|rep=you|day|2026-03-04T00:00:00+00:00", orjson.dumps(record))
    drawn = lines(view, 80, 24)
    heading = next(n for n, text in enumerate(drawn) if text.startswith("Reps today"))
    first, *cells = drawn[heading + 1].split()
    assert (first, cells) == ("you", ["1", *("–" for _ in PER_REP[1:])])


def test_notice_replaces_the_counts() -> None:
    drawn = lines(shown_values(), 80, 24, Pulse(notice="worker 1 was killed by signal 9"))
    assert drawn[1].rstrip() == "worker 1 was killed by signal 9"


def test_withdrawn_record_is_removed_from_the_screen() -> None:
    view = shown_values()
    view.update("lead_count|all|day|2026-03-04T00:00:00+00:00", None)
    assert view.get("lead_count", "day", NOW) is None


def test_yesterdays_value_is_not_shown_as_todays() -> None:
    assert shown_values().get("lead_count", "day", NOW) is not None
    assert shown_values().get("lead_count", "day", NOW + 86_400_000) is None


def test_snapshot_has_the_main_values_in_four_lines() -> None:
    text = snapshot(shown_values(), PULSE, NOW)
    assert len(text.splitlines()) == 4
    assert "8,123 events posted (321 twice, 112 corrected, 98 late)" in text
    assert "posted to visible: 213 ms (p50)" in text
    assert "–" not in text


def test_only_changed_lines_are_written_again() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=20, height=4)
    with console.screen():
        canvas = Canvas(console)
        canvas.show("one\ntwo\nthree")
        output.truncate(0)
        canvas.show("one\nTWO\nthree")
        assert "TWO" in output.getvalue()
        assert "one" not in output.getvalue()
        assert "three" not in output.getvalue()


def test_addresses_without_a_second_worker_name_one() -> None:
    alone = Addresses(
        gateway="http://127.0.0.1:1",
        page="http://127.0.0.1:4",
        token="t",  # noqa: S106  # opens nothing
        metrics=("http://127.0.0.1:2/metrics",),
        bootstrap="127.0.0.1:3",
        logs="x",
        since="2026-03-04T15:00:00Z",
    )
    assert "Metrics http://127.0.0.1:2/metrics" in alone.lines()
