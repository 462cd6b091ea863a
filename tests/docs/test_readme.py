"""The README is short, in order, and begins with what a sales manager wants to know."""

import re

from tests.docs.pages import ROOT, read

README = read(ROOT / "README.md")
WORDS = 700
FIRST_LINES = 10
# Words of engineers; the first lines are not for them.
TECHNICAL = re.compile(
    r"(?i)\b(kafka|topics?|gateway|workers?|make|python|http|json|prometheus|grafana|partitions?"
    r"|transactions?|api|docker|install)\b"
)
SECTIONS = [
    "What it answers",
    "Try it",
    "How it works",
    "Send an event, read a KPI",
    "What is guaranteed",
    "Figures",
    "Documentation",
    "Contributing and licence",
]


def words(text: str) -> list[str]:
    """Give the words of prose; a link counts by its text."""
    shown = re.sub(r"\]\([^)]*\)", "]", re.sub(r"<!--.*?-->", "", text))
    return re.findall(r"[\w.,'’/-]*\w[\w.,'’/-]*", shown)


def test_readme_has_at_most_700_words_outside_of_code_blocks() -> None:
    assert len(words(README.prose)) <= WORDS


def test_sections_are_in_order() -> None:
    assert re.findall(r"(?m)^## (.*)$", README.prose) == SECTIONS


def test_it_begins_with_a_sentence_a_picture_and_nothing_technical() -> None:
    first = README.prose.splitlines()[:FIRST_LINES]
    assert TECHNICAL.findall("\n".join(first)) == []
    title, _, sentence, _, picture = first[:5]
    assert title.startswith("# ")
    assert re.fullmatch(r"[^.]*\.", sentence)
    assert re.fullmatch(r"!\[.+\]\(docs/images/demo\.svg\)", picture)


def test_six_questions_name_kpis_that_exist() -> None:
    page = (ROOT / "docs").rglob("kpis.md")
    known = set(re.findall(r"(?m)^\| `(\w+)` ", next(page).read_text()))
    named = re.findall(r"(?m)^\| .*\? \| `(\w+)` \|$", README.prose)
    assert len(named) == 6
    assert set(named) <= known


def test_each_figure_has_its_command() -> None:
    rows = README.prose.partition("| what | figure | command |")[2].partition("\n\n")[0]
    figures = rows.strip().splitlines()[1:]
    assert len(figures) == 3
    assert all(re.search(r"\| `make [\w-]+` \|$", row) for row in figures)
