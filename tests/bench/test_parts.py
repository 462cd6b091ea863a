"""The parts of the benchmark in a tiny form, on one Kafka and in one run.

One of them with five KPIs; in `make soak` all, with both catalogues: that takes a dozen workers.
"""

import math
from dataclasses import replace
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from streams.bench.options import EVERY_KPI, FIVE_KPIS, PARTS, Options
from streams.bench.results import Results, ResultsFile
from streams.bench.run import run_bench

TINY = Options(
    parts=("latency",),
    events=1_000,
    seconds=5.0,
    leads=(40,),
    months=1,
    burst=50,
    repeats=1,
    rates=(50,),
    processes=(1,),
    catalogues=(FIVE_KPIS,),
)
ALL = replace(
    TINY,
    parts=PARTS,
    leads=(40, 80),
    months=2,
    webhook_rate=50,
    processes=(2,),
    catalogues=(EVERY_KPI, FIVE_KPIS),
)
LEADS = "40 leads, 1 month"
Ran = tuple[Results, ResultsFile]


def run(options: Options, folder: Path) -> Ran:
    """Give the results of a run, and what it has written to a file."""
    file = folder / "results.json"
    results = run_bench(options, Console(file=StringIO()), file)
    return results, msgspec.json.decode(file.read_bytes(), type=ResultsFile)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Give the results of a tiny run."""
    return run(TINY, tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def all_ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Give the results of a tiny run of all parts."""
    return run(ALL, tmp_path_factory.mktemp("all"))


def figure(ran: Ran, part: str, case: str, quantity: str, unit: str) -> float:
    """Give a figure of the file."""
    (found,) = (
        each.median
        for each in ran[1].figures
        if (each.part, each.case, each.quantity, each.unit) == (part, case, quantity, unit)
    )
    return found


def test_every_part_gives_figures_that_are_numbers(ran: Ran) -> None:
    assert [*dict.fromkeys(each.part for each in ran[1].figures)] == list(TINY.parts)
    assert all(math.isfinite(each.median) for each in ran[1].figures)


def test_latency_has_processor_times_and_counts_beside_it(ran: Ran) -> None:
    case = "five KPIs, 50 events/s"
    for what in ("worker's CPU", "Kafka's CPU"):
        assert figure(ran, "latency", case, what, "µs/event") > 0
    output = figure(ran, "latency", case, "output records", "/event")
    assert figure(ran, "latency", case, "offsets of all topics", "/event") > output > 0


@pytest.mark.parametrize("whose", ["of all", "of a rep's day"])
def test_latency_has_both_percentiles(ran: Ran, whose: str) -> None:
    case = "five KPIs, 50 events/s"
    p50, p99 = (figure(ran, "latency", case, f"{whose}, {p}", "ms") for p in ("p50", "p99"))
    assert 0 < p50 <= p99


@pytest.mark.soak
def test_memory_is_read_once_settled_and_after_a_restart(all_ran: Ran) -> None:
    for when in ("once settled", "after a restart"):
        assert figure(all_ran, "memory", LEADS, f"memory {when}", "MB") > 10


@pytest.mark.soak
def test_restore_is_timed(all_ran: Ran) -> None:
    assert figure(all_ran, "restore", LEADS, "from start to ready", "s") > 0
    assert figure(all_ran, "restore", LEADS, "worker's CPU until ready", "s") > 0


@pytest.mark.soak
@pytest.mark.parametrize("when", ["today", "late"])
def test_cost_is_that_of_events_of_today_and_of_late_ones(all_ran: Ran, when: str) -> None:
    assert figure(all_ran, "cost", LEADS, f"{when}: worker's CPU", "µs/event") > 0
    assert figure(all_ran, "cost", LEADS, f"{when}: output records", "/event") > 0


@pytest.mark.soak
def test_all_parts_of_both_catalogues(all_ran: Ran) -> None:
    done = all_ran
    assert [*dict.fromkeys(each.part for each in done[1].figures)] == list(PARTS)
    for name in ("every KPI", "five KPIs"):
        assert figure(done, "throughput", f"{name}, 2 processes", "throughput", "events/s") > 0
    every, five = (
        figure(done, "throughput", f"{name}, 2 processes", "output records", "/event")
        for name in ("every KPI", "five KPIs")
    )
    assert five < every / 2
    kept = figure(done, "gateway", "50 webhooks/s", "in the inbox", "webhooks")
    assert kept == figure(done, "gateway", "50 webhooks/s", "answers 200", "webhooks")
