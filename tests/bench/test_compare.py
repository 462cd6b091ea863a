"""Two runs of the benchmark side by side, and what the command refuses."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.bench.meter import CPU, RATE
from streams.bench.results import Results, number
from streams.cli import main


def written(folder: Path, name: str, cpu: list[float], rate: float | None = None) -> str:
    """Write a run's results to a file and give its path."""
    results = Results()
    for value in cpu:
        results.add("cost", "few leads", {CPU: value})
    if rate is not None:
        results.add("throughput", "every KPI", {RATE: rate})
    results.write(folder / name, "2026-06-01T12:00:00+00:00", 2, {})
    return str(folder / name)


def bench(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["bench", *arguments], env={"COLUMNS": "120"})


def test_ratio_is_that_of_the_medians(tmp_path: Path) -> None:
    before = written(tmp_path, "before.json", [100.0, 900.0, 200.0])
    after = written(tmp_path, "after.json", [150.0, 149.0, 151.0])
    (line,) = (
        each for each in bench("--compare", before, after).output.splitlines() if "CPU" in each
    )
    assert re.split(" {2,}", line.strip()) == [
        *("cost", "few leads", "worker's CPU µs/event", "200", "150", "0.75")
    ]


def test_figure_of_one_run_alone_has_no_ratio(tmp_path: Path) -> None:
    before = written(tmp_path, "before.json", [1.0])
    after = written(tmp_path, "after.json", [1.0], rate=5_000.0)
    (line,) = (
        each for each in bench("--compare", before, after).output.splitlines() if "5,000" in each
    )
    assert re.split(" {2,}", line.strip())[-2:] == ["throughput events/s", "5,000"]


def test_file_of_something_else_is_refused_by_its_name(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}")
    done = bench("--compare", str(other), str(other))
    assert done.exit_code == 1
    assert "other.json was not written by `bench --json`" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("glow",), "'glow' is not one of"),
        (("memory", "--leads", "200", "100"), "has to be larger"),
    ],
)
def test_what_cannot_be_measured_is_refused(arguments: tuple[str, ...], message: str) -> None:
    done = bench(*arguments)
    assert done.exit_code == 2
    assert message in done.output


@pytest.mark.parametrize(
    ("value", "text"), [(0.034, "0.03"), (9.5, "9.50"), (12.34, "12.3"), (12_345.6, "12,346")]
)
def test_figure_has_three_digits_or_more(value: float, text: str) -> None:
    assert number(value) == text
