"""The committed picture is what the code draws, shows values and loads nothing."""

import html
import re
from pathlib import Path
from xml.etree import ElementTree

from streams.artifacts.demo_picture import (
    FILE,
    HEIGHT,
    write,
)
from streams.demo.simulation.company import REPS
from streams.demo.terminal.screen import FLOWS, STOCKS

COMMITTED = Path(__file__).parents[2] / "docs" / "images" / FILE


def shown(drawn: str) -> str:
    """Give the words of the picture, a line each."""
    texts = ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314
    return "\n".join("".join(text.itertext()).replace("\xa0", " ") for text in texts)


def test_committed_picture_is_what_the_code_draws(tmp_path: Path) -> None:
    assert COMMITTED.read_text() == write(tmp_path).read_text(), "run: make pictures"


def test_picture_shows_every_kpi_with_a_value_and_every_rep() -> None:
    words = shown(COMMITTED.read_text())
    for name in (*(line.label for line in (*STOCKS, *FLOWS)), *(rep.name for rep in REPS)):
        assert name in words
    assert "–" not in words[: words.index("Reps today")]
    assert "catching up" not in words


def test_picture_loads_nothing_and_has_no_colour_of_another_theme() -> None:
    drawn = html.unescape(COMMITTED.read_text())
    assert set(re.findall(r"https?://[^\s\"'<>]+", drawn)) <= {
        "http://www.w3.org/2000/svg",
        "https://www.textualize.io",
        "http://127.0.0.1:8090",
        "http://127.0.0.1:9464/metrics",
    }
    assert "@font-face" not in drawn
    assert drawn.count("demo-line-") >= HEIGHT - 2
