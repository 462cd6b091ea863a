"""The page's own files: small, of this house alone, and legible in both themes."""

import gzip
import re
from pathlib import Path

import pytest

import streams.page
from streams.page.static_files import static_files
from tests.page.views.company import VIEWS, page

STATIC = Path(streams.page.__file__).parent / "static"
# Of everything that any view loads, and of the page itself, as sent.
MOST_BYTES = 200_000
TOKEN = re.compile(r"--(\w+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
OTHERS = re.compile(r"""(?:https?:)?//[a-z0-9]""")
GROUNDS = ("surface", "raised")
TEXTS = ("text", "muted", "accent", "good", "bad", "warn")
THEMES = {"light": 0, "dark": 1}


def tokens(theme: str) -> dict[str, str]:
    found = TOKEN.findall((STATIC / "page.css").read_text())
    return {name: colors[THEMES[theme]] for name, *colors in found}


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_and_white_is_21() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_legible(theme: str, ground: str, name: str) -> None:
    colors = tokens(theme)
    assert contrast(colors[name], colors[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", ["mark", "good", "text"])
def test_marks_stand_out(theme: str, ground: str, name: str) -> None:
    colors = tokens(theme)
    assert contrast(colors[name], colors[ground]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_text_is_legible_where_a_number_has_changed(theme: str) -> None:
    colors = tokens(theme)
    assert contrast(colors["text"], colors["changed"]) >= 4.5


def test_colors_stand_in_the_tokens_alone() -> None:
    for style in STATIC.glob("*.css"):
        rest = TOKEN.sub("", style.read_text())
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(", rest) == [], style.name


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_with_all_that_it_loads_is_small(view: str) -> None:
    own = sum(len(each.body) for each in static_files().values())
    assert own + len(page(view).encode()) < MOST_BYTES


def test_packed_it_is_less_than_half_of_that() -> None:
    assert sum(len(gzip.compress(f.body)) for f in static_files().values()) < MOST_BYTES / 2


def test_own_files_name_no_other_host() -> None:
    own = [path for path in STATIC.rglob("*") if path.suffix in (".js", ".css")]
    named = {
        path.name: OTHERS.findall(path.read_text()) for path in own if "vendor" not in path.parts
    }
    assert {name: found for name, found in named.items() if found} == {}


def test_library_has_its_licence_beside_it() -> None:
    assert "Permission is hereby granted" in (STATIC / "vendor" / "uPlot.LICENSE").read_text()


def test_modules_import_files_that_there_are() -> None:
    for module in STATIC.rglob("*.js"):
        for name in re.findall(r'from "(\.[^"]+)"', module.read_text()):
            assert (module.parent / name).is_file(), f"{module.name} imports {name}"


def test_no_module_writes_markup_or_runs_text() -> None:
    dangerous = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function|document\.write"
    )
    own = [path for path in STATIC.rglob("*.js") if "vendor" not in path.parts]
    assert [path.name for path in own if dangerous.search(path.read_text())] == []
