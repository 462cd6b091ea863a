"""The rules file as a whole, and the commands that need it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli import main
from streams.rules import Rules, read
from streams.settings import BadSetting


def written(folder: Path, text: str) -> Path:
    """Write a rules file."""
    file = folder / "rules.toml"
    file.write_text(text)
    return file


def test_no_file_and_an_empty_file_are_the_defaults(tmp_path: Path) -> None:
    assert read(None) == Rules()
    assert read(written(tmp_path, "# nothing yet\n")) == Rules()


def test_definitions_are_read(tmp_path: Path) -> None:
    text = '[definitions]\nclose_rate_by = "creation"\nstages = ["new", "offer"]\n'
    found = read(written(tmp_path, text)).definitions
    assert (found.close_rate_by, found.stages) == ("creation", ("new", "offer"))
    assert found.win == "latest_run"


def test_unknown_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"line 2: definition is no rule.*definitions\?"):
        read(written(tmp_path, "\n[definition]\n"))


@pytest.mark.parametrize("command", ["catalogue", "worker", "status", "gateway"])
def test_bad_rules_stop_a_command_with_exit_code_2_and_one_line(
    tmp_path: Path, command: str
) -> None:
    file = written(tmp_path, '[definitions]\nwin = "best"\n')
    done = CliRunner().invoke(main, [command], env={"SALES_KPIS_RULES": str(file)})
    assert done.exit_code == 2
    assert done.output == (
        'Error: rules.toml line 2: definitions.win is "best"; it must be one of latest_run, first\n'
    )
