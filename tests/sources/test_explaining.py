"""The commands that show what mapping files do: sources check, sources explain."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.cli import main
from tests.sources.mapping.files import HEAD, ITEM, RULE

STAGE = (
    RULE + 'name = "stage"\nwhen = "kind == \'deal\' && x.stage != \'old\'"\nstage = "x.stage"\n'
)
OTHER = '[[event]]\nname = "other"\nwhen = "kind == \'contact\'"\nread = "contact"\nfrom = "id"\n'


def run(folder: Path, *arguments: str, mapping: str = STAGE + OTHER) -> Result:
    """Run a command with the source `acme` in the folder of mapping files."""
    (folder / "acme.toml").write_text(HEAD + mapping)
    environment = {"SALES_KPIS_SOURCES": str(folder), "COLUMNS": "200"}
    return CliRunner().invoke(main, ["sources", *arguments], env=environment)


def explained(folder: Path, body: object, *options: str, mapping: str = STAGE + OTHER) -> Result:
    """Explain a body."""
    file = folder / "body.json"
    file.write_text(json.dumps(body))
    return run(folder, "explain", str(file), "--source", "acme", *options, mapping=mapping)


def test_files_without_mistakes_are_counted(tmp_path: Path) -> None:
    done = run(tmp_path, "check")
    assert done.exit_code == 0
    assert done.output.endswith("rules, no mistake\n")


def test_mistakes_are_listed_and_end_with_1(tmp_path: Path) -> None:
    done = run(tmp_path, "check", mapping=RULE + 'stage = "a["\nrepp = "x"\n')
    assert done.exit_code == 1
    assert [line.split(": ")[0] for line in done.stderr.splitlines()[::3]] == [
        "acme.toml:8:12",
        "acme.toml:9:1",
    ]


def test_each_field_is_shown_as_sent_and_as_it_becomes(tmp_path: Path) -> None:
    done = explained(tmp_path, {**ITEM, "kind": "deal", "x": {"stage": "Won"}})
    assert done.exit_code == 0
    rows = [line.split() for line in done.output.splitlines()]
    assert ["stage", "x.stage", '"Won"', '"Won"'] in rows
    assert ["subject", "id", "7", '"acme:deal:7"'] in rows
    assert ["at", "at", "1795000000000", '"2026-11-18T11:06:40Z"'] in rows


def test_event_is_shown(tmp_path: Path) -> None:
    done = explained(tmp_path, {**ITEM, "kind": "deal"})
    assert '"type":"deal.changed","id":"7"' in done.output


def test_absent_and_empty_fields_are_told_apart(tmp_path: Path) -> None:
    absent = explained(tmp_path, {**ITEM, "kind": "deal"}).output
    empty = explained(tmp_path, {**ITEM, "kind": "deal", "x": None}).output
    assert ["stage", "x.stage", "absent", "left", "out"] in map(str.split, absent.splitlines())
    assert ["stage", "x.stage", "null", "cleared"] in map(str.split, empty.splitlines())


def test_value_that_does_not_fit_ends_with_1_and_its_reason(tmp_path: Path) -> None:
    done = explained(tmp_path, {"id": 7, "at": "soon", "kind": "deal"})
    assert done.exit_code == 1
    assert "a dead letter: at: 'soon' is no number" in done.output
    assert "'soon' is no number" in [
        line.strip()[-len("'soon' is no number") :] for line in done.output.splitlines()
    ]


def test_rule_that_does_not_match_shows_what_its_condition_reads(tmp_path: Path) -> None:
    done = explained(tmp_path, {**ITEM, "kind": "lead"})
    assert "no rule matches: ignored" in done.output
    assert 'stage (deal.changed) does not match: kind == \'deal\' && x.stage != \'old\' (kind is "lead", x.stage is absent)' in done.output  # fmt: skip  # noqa: E501 - one line of the output
    assert "other (read contact) does not match" in done.output


@pytest.mark.parametrize(("options", "shown"), [((), False), (("--all",), True)])
def test_other_rules_are_shown_where_they_are_asked_for(
    options: tuple[str, ...], shown: bool, tmp_path: Path
) -> None:
    done = explained(tmp_path, {**ITEM, "kind": "deal"}, *options)
    assert ("other (read contact) does not match" in done.output) is shown
    assert ("1 other rules do not match" in done.output) is not shown


def test_record_to_be_read_is_named(tmp_path: Path) -> None:
    done = explained(tmp_path, {"id": 7, "kind": "contact"})
    assert "contact 7" in done.output


def test_headers_parameters_and_label_can_be_given(tmp_path: Path) -> None:
    mapping = RULE + 'stage = "_headers.topic"\nrep = "_query.rep"\n'
    options = ("--header", "Topic: won", "--query", "rep=ann", "--label", "north")
    done = explained(tmp_path, ITEM, *options, mapping=mapping)
    assert '"subject":"acme/north:deal:7"' in done.output
    assert '"stage":"won","rep":"ann"' in done.output


def test_body_that_cannot_be_read_ends_with_1(tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text("{")
    done = run(tmp_path, "explain", str(file), "--source", "acme")
    assert done.exit_code == 1
    assert done.output.startswith("the whole body would be a dead letter: not JSON")


def test_unknown_source_is_refused_with_those_there_are(tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text("{}")
    done = run(tmp_path, "explain", str(file), "--source", "acmee")
    assert done.exit_code == 2
    assert "no source acmee; there are acme, " in done.output


def test_element_of_a_list_has_its_own_lines(tmp_path: Path) -> None:
    mapping = RULE.replace('id = "id"', 'id = "_each"') + 'each = "ids"\n'
    done = explained(tmp_path, {**ITEM, "ids": [1, 2]}, mapping=mapping)
    assert done.output.count('"type":"deal.changed"') == 2
