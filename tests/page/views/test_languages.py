"""The page in every language: with texts that there are, from the side that it is read from."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import streams.page
from streams.languages import LANGUAGES
from streams.languages.language import texts_of
from tests.page.views.company import VIEWS, page

PAGE = Path(streams.page.__file__).parent
USE = re.compile(r"""\bt\(["']([a-z_]+\.[a-z_0-9]+)["']""")


def used_in_templates() -> Iterator[str]:
    for template in (PAGE / "templates").glob("*.html"):
        yield from USE.findall(template.read_text())


def test_templates_use_texts_that_there_are() -> None:
    assert not set(used_in_templates()) - set(texts_of("en"))


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_rendered_in_every_language(view: str, code: str) -> None:
    assert f'<html lang="{code}"' in page(view, language=code)


def test_persian_is_written_from_right_to_left() -> None:
    assert '<html lang="fa" dir="rtl">' in page(language="fa")


def test_other_languages_are_written_from_left_to_right() -> None:
    assert all(f'<html lang="{code}" dir="ltr">' in page(language=code) for code in ("bg", "hy"))
