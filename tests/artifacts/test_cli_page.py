"""The committed page of the commands is what the command line offers."""

from pathlib import Path

import click

from streams.artifacts.cli_page import (
    FILE,
    commands,
    page,
    write,
)
from streams.cli import main

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / FILE


def test_committed_page_is_what_the_commands_say() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == page(main), "run: make generated"


def test_page_has_a_section_for_every_command(tmp_path: Path) -> None:
    text = write(tmp_path, main).read_text(encoding="utf-8")
    found = [line[4:-1] for line in text.splitlines() if line.startswith("## `")]
    assert found == [path for path, _ in commands(main, "sales-kpis")]
    assert "sales-kpis dead-letters replay" in found


def test_section_says_usage_options_defaults_and_bounds() -> None:
    @click.group()
    def program() -> None:
        """Nothing."""

    @program.command()
    @click.argument("file")
    @click.option("--times", type=click.IntRange(1, 9), default=2, show_default=True, help="How.")
    @click.option("--set", "given", multiple=True, metavar="A|B", help="What.")
    @click.option("--quiet", is_flag=True, help="Say nothing.")
    def copy(file: str, times: int, given: tuple[str, ...], quiet: bool) -> None:
        """Copy a file.

        Twice, if nothing else is said.
        """

    assert page(program).partition("## ")[2] == (
        "`sales-kpis copy`\n\nCopy a file.\n\nTwice, if nothing else is said.\n\n"
        "```text\nsales-kpis copy [OPTIONS] FILE\n```\n\n"
        "| option | default | meaning |\n|---|---|---|\n"
        "| `--times INTEGER` | `2` | How. (1 to 9) |\n"
        "| `--set A\\|B` |  | What. (may be repeated) |\n"
        "| `--quiet` |  | Say nothing. |\n"
    )
