"""`sales-kpis sources import`, without a Kafka: what it reports, and how it ends."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.cli import main
from tests.operations.sources.acme import BAD_AMOUNT, DRAFT, SOLD, acme, file


def run(folder: Path, *arguments: str) -> Result:
    acme(folder)
    settings = {"SALES_KPIS_SOURCES": str(folder / "sources")}
    command = ["sources", "import", *arguments]
    return CliRunner().invoke(main, command, env=settings)


def test_trial_says_what_a_file_would_become(tmp_path: Path) -> None:
    path = file(tmp_path, [SOLD, DRAFT])
    found = run(tmp_path, "acme", str(path), "--label", "eu", "--trial")
    assert found.exit_code == 0
    assert "2 rows of deals became 1 events" in found.output
    assert "1 rows match no rule and were left out" in found.output
    assert "nothing was sent: this was a trial" in found.output


def test_rejected_rows_are_listed_and_the_exit_code_is_1(tmp_path: Path) -> None:
    path = file(tmp_path, [SOLD, BAD_AMOUNT])
    found = run(tmp_path, "acme", str(path), "--trial")
    assert found.exit_code == 1
    assert 'line 3, field Budget: "twelve" is no number with a decimal comma' in found.output
    assert f"1 rows were rejected: mend and import {tmp_path}/deals.rejected.csv" in found.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("acne", "--trial"), "no layout of files of acne; known: acme, amocrm, csv, hubspot,"),
        (("twilio", "--trial"), "no layout of files of twilio; known: acme, amocrm, csv, hubspot,"),
        (("acme", "--kind", "calls"), 'there is no kind "calls"; known here: deals'),
        (("acme", "--encoding", "klingon"), "klingon is no encoding, such as cp1251 or utf-8"),
        (("acme", "--label", "a b"), "a b is no label, such as eu"),
        (("csv", "--trial"), "the file's columns are ID, Stage, Budget, Changed at"),
    ],
)
def test_what_cannot_be_imported_is_one_clear_line(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    source, *options = arguments
    found = run(tmp_path, source, str(file(tmp_path, [SOLD])), *options)
    assert found.exit_code in (1, 2)
    assert message in found.output
    assert "Traceback" not in found.output
