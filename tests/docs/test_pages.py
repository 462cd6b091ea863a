"""Every page, without running anything: what it names exists and what it shows can be read."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from streams.cli import main
from streams.events import Rejected, decode
from streams.sources.loading import sources
from tests.docs.commands import faults
from tests.docs.pages import (
    REASONS,
    ROOT,
    Page,
    pages,
    read,
    slugged,
)

PAGES = pages()
# The others are generated or a list of changes: what they name has to exist as well.
ALL = [*PAGES, read(ROOT / "CHANGELOG.md"), read(ROOT / "schemas" / "README.md")]
# Each has one name here, so that no block is passed over because of another.
OTHER_NAMES = {
    "bash": "sh", "console": "sh", "shell": "sh", "shell-session": "sh", "zsh": "sh",
    "py": "python", "python3": "python", "yml": "yaml", "": "text",
}  # fmt: skip
# Tables of pyproject.toml; of other TOML a mapping file names its source, the rest is a rules file.
PROJECT = {"build-system", "dependency-groups", "project", "tool"}
OTHER_TOML = {*PROJECT, "source"}
# Other code in prose, such as a message, may hold the same words.
COMMAND = re.compile(r"(?:\w+=\S* )*(?:make|sales-kpis|docker compose) ")

of_all = pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
of_every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def broken(page: Page) -> list[str]:
    """Give the links of a page that lead nowhere."""
    found = []
    for link in page.links:
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.path.parent / path).resolve() if path else page.path
        is_there = target.is_relative_to(ROOT) and target.exists()
        if not is_there or (anchor and anchor not in read(target).anchors):
            found.append(link)
    return found


@of_all
def test_links_lead_somewhere(page: Page) -> None:
    assert broken(page) == []


@of_every_page
def test_pictures_are_described(page: Page) -> None:
    assert all(text.strip() for text in page.pictures)


@of_every_page
def test_blocks_have_the_names_that_are_looked_for(page: Page) -> None:
    wrong = {block.line: block.language for block in page.blocks if block.language in OTHER_NAMES}
    assert wrong == {}, f"write {', '.join(OTHER_NAMES[name] for name in wrong.values())} instead"


@of_every_page
def test_reasons_for_not_running_are_known(page: Page) -> None:
    given = [block.reason for block in page.blocks if block.reason is not None]
    assert set(given) <= REASONS
    assert page.prose.count("<!-- not run:") == len(given), "one is not directly above a fence"


@of_all
def test_commands_that_are_not_run_exist(page: Page) -> None:
    wrong = {
        block.line: found
        for block in page.blocks
        if block.language == "sh" and block.reason and (found := faults(block.text))
    }
    assert wrong == {}
    named = [code for code in page.inline if COMMAND.match(code)]
    assert [found for code in named for found in faults(code, is_whole=False)] == []


@of_every_page
def test_python_that_is_not_run_compiles(page: Page) -> None:
    for block in page.blocks:
        if block.language == "python" and block.reason:
            compile(block.text, f"{page.name}:{block.line}", "exec")


@of_every_page
def test_json_can_be_read_and_events_are_events(page: Page) -> None:
    for block in page.blocks:
        if block.language not in ("json", "jsonl"):
            continue
        texts = [block.text] if block.language == "json" else block.text.splitlines()
        for text in texts:
            found = json.loads(text)
            for each in found if isinstance(found, list) else [found]:
                if is_event(each):
                    event = decode(json.dumps(each).encode())
                    assert not isinstance(event, Rejected), (page.name, block.line, event)


def is_event(found: Any) -> bool:
    """Whether it is meant as an event, and not as the CloudEvent around one."""
    is_named = isinstance(found, dict) and {"id", "type", "at"} <= found.keys()
    return is_named and "specversion" not in found


@of_every_page
def test_rules_are_accepted(page: Page, tmp_path: Path) -> None:
    for block in page.blocks:
        if block.language == "toml" and not tomllib.loads(block.text).keys() & OTHER_TOML:
            file = tmp_path / "rules.toml"
            file.write_text(block.text)
            done = CliRunner().invoke(main, ["catalogue"], env={"SALES_KPIS_RULES": str(file)})
            assert done.exit_code == 0, (page.name, block.line, done.output)


@of_every_page
def test_mapping_files_are_accepted(page: Page, tmp_path: Path) -> None:
    for number, block in enumerate(page.blocks):
        name = tomllib.loads(block.text).get("source") if block.language == "toml" else None
        if name is not None:
            folder = tmp_path / str(number)
            folder.mkdir()
            (folder / f"{name}.toml").write_text(block.text)
            assert name in sources(folder), (page.name, block.line)


@of_every_page
def test_yaml_can_be_read(page: Page) -> None:
    for block in page.blocks:
        if block.language == "yaml":
            for document in yaml.safe_load_all(block.text):
                if isinstance(document, dict) and isinstance(
                    services := document.get("services"), dict
                ):
                    assert all(isinstance(service, dict) for service in services.values())


TWO = """
# One `thing`, and others

See [there](#one-thing-and-others), [here](#one-thing-and-others-1), [away](https://example.com/x),
[`code`](pages.py), ![a picture](nowhere.svg), `[no](link)`, [nowhere](#nowhere).

```sh
[no](link)
```

## One thing and others
"""


# Tests that a page has its reader write.
WRITTEN = frozenset(("tests/kpis/test_quick_wins.py",))
NAMED_TEST = re.compile(r"test_\w+|tests/[\w/.]+")


def unknown_tests(page: Page, names: frozenset[str]) -> list[str]:
    """Give the tests and their files that a page names and that do not exist."""
    named = {code for code in page.inline if NAMED_TEST.fullmatch(code)} - WRITTEN
    return sorted(
        name for name in named if name not in names and not ("/" in name and (ROOT / name).exists())
    )


@pytest.fixture(scope="module")
def test_names() -> frozenset[str]:
    """Give the name of every test."""
    files = (ROOT / "tests").rglob("test_*.py")
    return frozenset(
        name for file in files for name in re.findall(r"def (test_\w+)", file.read_text("utf-8"))
    )


@of_all
def test_tests_that_are_named_exist(page: Page, test_names: frozenset[str]) -> None:
    assert unknown_tests(page, test_names) == []


def test_name_of_a_test_that_was_renamed_is_found() -> None:
    page = Page("`test_old` and `test_new`, in `tests/lost` and `tests/docs`", ROOT / "README.md")
    assert unknown_tests(page, frozenset({"test_new"})) == ["test_old", "tests/lost"]


def test_broken_links_are_found() -> None:
    page = Page(TWO, Path(__file__))
    assert broken(page) == ["nowhere.svg", "#nowhere"]
    assert page.pictures == ["a picture"]
    assert (
        slugged("What it does, *per* rep (`SALES_KPIS_NOW`)")
        == "what-it-does-per-rep-sales_kpis_now"
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("sales-kpis dumb --follow", "there is no such command"),
        ("sales-kpis dump --folow", "No such option"),
        ("cat a | sales-kpis topics aply > b", "there is no such command"),
        ("A=$(openssl rand -hex 24) sales-kpis gateway --port many", "not a valid integer"),
        ("sales-kpis worker \\\n  --process 4", "No such option"),
        ("sales-kpis ingest", "file is missing"),
        ("sales-kpis ingest a b", "takes no b"),
        ("docker compose exec worker-1 sales-kpis dump --foo", "No such option"),
        ("docker compose -f nowhere.yml up", "there is no such file"),
        ("cd x && make dmeo ARGS='--seconds 40'", "there is no such target"),
    ],
)
def test_command_that_does_not_exist_is_found(text: str, fault: str) -> None:
    (found,) = faults(text)
    assert fault in found


def test_prose_may_name_a_command_without_its_values() -> None:
    for text in ("sales-kpis worker --processes N", "sales-kpis replay --now", "sales-kpis ingest"):
        assert faults(text, is_whole=False) == []
        assert faults(text) != []
    assert faults("sales-kpis replay --then", is_whole=False) != []


def test_commands_that_exist_have_no_fault() -> None:
    text = """
    export SALES_KPIS_TOKEN=$(openssl rand -hex 24)   # don't lose it
    make demo ARGS="--seconds 40" && make -j2 check
    curl -d '
      {"id": "1"}' localhost:8080/events 2>&1 | head
    sales-kpis worker --processes "$COUNT" --supervise > log 2>&1 &
    sales-kpis dead-letters replay 12 --set type=lead.created
    sales-kpis topics rights --principal 'User:{role}'; sales-kpis dump --help
    docker compose exec worker-1 sales-kpis dump --follow
    """
    assert faults(text) == []


def test_changelog_begins_with_what_is_unreleased_and_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.findall(r"(?m)^## \[(.*)\]", text)[:2] == ["Unreleased", version]
