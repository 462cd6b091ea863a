"""What `doctor` says of the rules file."""

from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from streams.cli import main
from streams.doctor import of_names, of_rules
from streams.settings import Settings
from tests.tables.installation import produce

RULE = """
[[commission]]
name = "Own"
kpi = "revenue_won"
window = "month"
rate = 0.1
reps = ["ann", "bbo"]

[[commission]]
name = "South"
kpi = "revenue_won"
window = "month"
rate = 0.1
scope = { team = "sout" }
splits = { ann = 1 }
"""


def written(folder: Path, text: str) -> Path:
    """Write a rules file."""
    file = folder / "rules.toml"
    file.write_text(text)
    return file


def test_bad_rules_are_reported_with_their_line_among_all_else(tmp_path: Path) -> None:
    file = written(tmp_path, '\n[definitions]\nwin = "best"\n')
    variables = {"SALES_KPIS_RULES": str(file), "SALES_KPIS_BOOTSTRAP": "nowhere"}
    done = CliRunner().invoke(main, ["doctor"], env=variables)
    assert done.exit_code == 1
    assert 'WRONG rules: rules.toml line 3: definitions.win is "best"' in done.output
    assert "bootstrap 'nowhere' is not HOST:PORT" in done.output


def test_rules_in_force_are_named(tmp_path: Path) -> None:
    (found,) = of_rules(Settings(rules=written(tmp_path, "")))
    assert found.is_fine
    assert found.what.endswith("rules.toml is in force")
    assert of_rules(Settings()) == []


async def test_names_that_nobody_has_are_doubted(settings: Settings, tmp_path: Path) -> None:
    ruled = replace(settings, rules=written(tmp_path, RULE))
    await produce(settings, [rep("ann", team="south"), rep("bob", team="north")])
    found = await of_names(ruled)
    assert [finding.what for finding in found] == [
        "rules: 'Own' names rep 'bbo'; crm.rep knows none such",
        "rules: 'South' names team 'sout'; crm.rep knows none such",
    ]
    assert {(finding.is_fine, finding.verdict) for finding in found} == {(True, "look")}


async def test_names_that_somebody_has_are_not(settings: Settings, tmp_path: Path) -> None:
    text = RULE.replace("bbo", "bob").replace("sout", "south")
    await produce(settings, [rep("ann", team="south"), rep("bob")])
    assert await of_names(replace(settings, rules=written(tmp_path, text))) == []
    assert await of_names(settings) == []


def rep(name: str, **groups: str) -> dict[str, str]:
    """Make a rep."""
    at = "2026-02-01T00:00:00Z"
    return {"type": "rep.set", "id": f"set-{name}", "at": at, "rep": name, **groups}
