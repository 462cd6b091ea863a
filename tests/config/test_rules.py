"""The rules file as a whole, and the commands that need it."""

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli import main
from streams.config.declaration import BadSetting
from streams.config.rules import Rules, read
from streams.config.rules.business import BusinessRules
from streams.config.settings import Settings
from streams.wiring.catalogue import catalogue


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
    assert (found.choices.close_rate_by, found.stages) == ("creation", ("new", "offer"))
    assert (found.choices.win, found.business) == ("latest_run", None)


def test_business_hours_are_read_where_they_are_chosen(tmp_path: Path) -> None:
    table = '[definitions.business]\ndays = ["sunday", "monday"]\nends = "24:00"\ncountry = "DE"\n'
    assert read(written(tmp_path, table)).definitions.business is None
    chosen = f'[definitions]\nresponse_hours = "business"\n{table}'
    business = read(written(tmp_path, chosen)).definitions.business
    assert business == BusinessRules(
        days=frozenset({6, 0}), begins=540, ends=1440, country="DE", region=""
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('days = ["mon"]', 'definitions.business.days has "mon"; each is one of monday'),
        ("days = []", "name at least one day"),
        ('begins = "9"', "it must be a time of day"),
        ('begins = "17:00"', "definitions.business.ends is not after begins"),
        ('country = "Germany"', "is 'Germany'; it must be an ISO 3166 code, such as \"DE\""),
        ('region = "BY"', "name the country"),
        ('country = "DE"\nregion = "XX"', "known in DE: BB, BE,"),
    ],
)
def test_business_hours_that_cannot_be_are_refused(
    tmp_path: Path, line: str, expected: str
) -> None:
    with pytest.raises(BadSetting) as refused:
        read(written(tmp_path, f"[definitions.business]\n{line}\n"))
    assert expected in str(refused.value)


def test_fiscal_calendar_is_read(tmp_path: Path) -> None:
    file = written(tmp_path, '[calendar]\nfiscal_calendar = "445"\n')
    assert read(file).calendar.fiscal_calendar == "445"
    window = catalogue(Settings(rules=file), read(file)).calendar.first_day(
        "year", date(2026, 5, 1).toordinal()
    )
    assert date.fromordinal(window) == date(2025, 12, 29)


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


def test_definitions_that_the_example_shows_are_the_defaults(tmp_path: Path) -> None:
    example = (Path(__file__).parents[2] / "deploy" / "rules.example.toml").read_text()
    (shown,) = re.findall(r"^(\[calendar\].*?)^# ---", example, re.DOTALL | re.MULTILINE)
    assert read(written(tmp_path, shown)) == Rules()
    business = shown.replace('response_hours = "calendar"', 'response_hours = "business"')
    found = read(written(tmp_path, business)).definitions.business
    assert found == BusinessRules()


def test_command_of_a_new_process_knows_the_kpis_that_rules_name(tmp_path: Path) -> None:
    text = '[[commission]]\nname = "a"\nkpi = "revenue_won"\nwindow = "month"\nrate = 0.1\n'
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", "catalogue", "--json"],
        env={"SALES_KPIS_RULES": str(written(tmp_path, text))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["settings"]["rules"]["commission"][0]["kpi"] == "revenue_won"
