"""KPIs of a company's own: by the rules file, and by an installed package."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from tests.kpis.story import NOW, Said, Told, instant, moment, won

KPIS = '''
"""Which wins are large?"""

from streams.engine.algebra.measures import COUNT
from streams.engine.catalogue.declare_derived import derived
from streams.engine.catalogue.kpi import Fact, kpi
from streams.journeys import Deal


@kpi(
    "big_wins",
    measure=COUNT,
    unit="count",
    scopes=("rep", "team"),
    formula="count of deals won of 5,000 or more",
    source="our own",
)
def big_wins(deal: Deal) -> Fact[int] | None:
    """Deals won that are worth 5,000 or more."""
    worth = None if deal.won is None else deal.worth(deal.won)
    return Fact(deal.won, 1) if isinstance(worth, int) and worth >= 500_000 else None


@derived(
    "big_win_share",
    unit="ratio",
    scopes=("rep",),
    ingredients=("big_wins", "deal_count"),
    formula="big_wins / deal_count",
    source="our own",
)
def big_win_share(context):
    """The share of large deals in all that were won."""
    won = context.vector("deal_count").get("n", 0)
    return (context.vector("big_wins").get("n", 0), won) if won else None
'''
STORY = [
    won("03-10 09:00", "d1", "5000", rep="ann"),
    won("03-11 09:00", "d2", "4999.99", rep="ann"),
    won("03-12 09:00", "d3", "9000", rep="bob"),
    won("03-13 09:00", "d4", "10", rep="bob"),
]


def command(folder: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that can import from a folder."""
    inherited = {n: text for n, text in os.environ.items() if not n.startswith("SALES_KPIS_")}
    environment = inherited | {"PYTHONPATH": str(folder)} | settings
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def replayed(folder: Path, *events: Said, **settings: str) -> Told:
    """The records of a story, computed by a process that can import from a folder."""
    file, out = folder / "events.jsonl", folder / "out.jsonl"
    file.write_text("\n".join(json.dumps(event) for event in events))
    done = command(folder, "replay", str(file), "--now", moment(NOW), "--out", str(out), **settings)
    assert done.returncode == 0, done.stderr
    return Told([json.loads(line) for line in out.read_text().splitlines()], instant(NOW))


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def rules(folder: Path, text: str) -> str:
    """Write a rules file; gives its path."""
    write(folder, {"rules.toml": text})
    return str(folder / "rules.toml")


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A folder with a module `acme.kpis`."""
    write(tmp_path, {"acme/__init__.py": "", "acme/kpis.py": KPIS})
    return tmp_path


def install(folder: Path, entry: str, source: str = KPIS) -> None:
    """Install a package of one module, with an entry point, as pip does."""
    about = "acme_kpis-1.0.dist-info"
    files = {
        "acme_kpis.py": source,
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: acme-kpis\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": f"[sales_kpi_streams.kpis]\nacme = {entry}\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{about}/RECORD"))
    wheel = folder / "acme_kpis-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, f"{about}/RECORD": record}.items():
            archive.writestr(name, text)
    pip = ["-m", "pip", "install", "--no-deps", "--no-index", "--quiet", "--target", str(folder)]
    subprocess.run([sys.executable, *pip, str(wheel)], check=True)


def test_module_of_the_rules_file_adds_its_kpis(acme: Path) -> None:
    file = rules(acme, '[catalogue]\nkpi_modules = ["acme.kpis"]\n')
    found = replayed(acme, *STORY, SALES_KPIS_RULES=file)
    assert found["big_wins"] == 2
    assert found["big_win_share", "rep=ann"] == 0.5
    assert found["deal_count"] == 4


def test_own_kpis_are_chosen_and_paid_for_as_others_are(acme: Path) -> None:
    file = rules(
        acme,
        dedent("""\
            [[commission]]
            name = "large"
            kpi = "big_wins"
            window = "month"
            rate = 100
            [catalogue]
            kpi_modules = ["acme.kpis"]
            kpis = ["big_win_share", "commission"]
            """),
    )
    found = replayed(acme, *STORY, SALES_KPIS_RULES=file)
    assert {record["kpi"] for record in found.records} == {"big_win_share", "commission"}
    assert found["commission", "rep=bob"] == "100.00"
    assert found.parts("big_win_share", "rep=bob") == {
        "big_wins": {"count": 1},
        "deal_count": {"count": 2},
    }


def test_installed_package_adds_its_kpis_without_a_rules_file(tmp_path: Path) -> None:
    install(tmp_path, "acme_kpis")
    assert replayed(tmp_path, *STORY)["big_wins"] == 2
    done = command(tmp_path, "catalogue", "--markdown")
    assert "Which wins are large?" in done.stdout
    assert "`big_win_share`" in done.stdout


def test_package_may_be_named_in_the_rules_file_too(tmp_path: Path) -> None:
    install(tmp_path, "acme_kpis")
    file = rules(tmp_path, '[catalogue]\nkpi_modules = ["acme_kpis"]\n')
    assert replayed(tmp_path, *STORY, SALES_KPIS_RULES=file)["big_wins"] == 2


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import no_such_thing", "ModuleNotFoundError: No module named 'no_such_thing'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        (
            KPIS.replace('"big_wins"', '"deal_count"'),
            "BadCatalogue: KPI deal_count is declared twice",
        ),
        (KPIS.replace('"big_wins"', '"sales_velocity"'), "'sales_velocity': there is one of this"),
        (KPIS.replace('"big_win_share"', '"forecast"'), "'forecast': there is one of this name"),
        (KPIS.replace('"big_wins"', '"settings"'), "declares 'settings'"),
        (KPIS.replace('"team"', '"teem"'), "BadCatalogue: KPI big_wins unknown scope in"),
        (KPIS.replace('"ratio"', '"percent"'), "BadCatalogue: KPI big_win_share unknown unit"),
    ],
)
def test_module_that_cannot_be_used_is_refused_with_its_line(
    acme: Path, source: str, expected: str
) -> None:
    source = source.replace('ingredients=("deal_count",', 'ingredients=("call_count",')
    write(acme, {"acme/kpis.py": source})
    file = rules(acme, '[catalogue]\nkpi_modules = [\n  "acme.kpis",\n]\n')
    done = command(acme, "catalogue", SALES_KPIS_RULES=file)
    assert done.returncode == 2
    assert done.stderr.startswith('Error: rules.toml line 3: catalogue.kpi_modules has "acme.kpis"')
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_installed_package_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    install(tmp_path, "acme_kpis", "import no_such_thing")
    done = command(tmp_path, "catalogue")
    assert done.returncode == 2
    assert done.stderr == (
        "Error: acme-kpis offers KPIs in 'acme_kpis', which cannot be imported:"
        " ModuleNotFoundError: No module named 'no_such_thing'; mend or uninstall it\n"
    )
