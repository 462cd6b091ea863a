"""Throughput: a backlog lies in Kafka before a worker starts, of each catalogue and size."""

import time

from streams.bench.bench import Bench
from streams.bench.meter import RATE
from streams.bench.options import EVERY_KPI, CatalogueChoice
from streams.bench.workload import backlog, organisation

BACKLOG_DAYS = 2


def fill(bench: Bench, events: int, seed: int) -> None:
    """Make a fresh installation with a backlog."""
    with bench.steps.step(f"filling Kafka with {events:,} events"):
        bench.installation.renew(EVERY_KPI)
        history = backlog(seed, events, time.time_ns() // 1_000_000, BACKLOG_DAYS)
        bench.installation.send([*organisation(), *history])


def measure(bench: Bench) -> None:
    """Measure events/s of a worker with one process, and with one for each processor.

    The clock runs from the moment that the worker is ready until its last output is committed.
    """
    options = bench.options
    for seed in range(1, options.repeats + 1):
        fill(bench, options.events, seed)
        for choice in options.catalogues:
            for processes in options.processes:
                measure_worker(bench, choice, processes)


def measure_worker(bench: Bench, choice: CatalogueChoice, processes: int) -> None:
    """Measure one worker with the events that are there."""
    installation, events = bench.installation, bench.options.events
    case = f"{choice.name}, {processes} process{'es' if processes > 1 else ''}"
    with bench.steps.step(f"throughput, {case}"):
        installation.renew(choice, keep_events=True)
        meter = installation.meter()
        with installation.worker(processes) as worker:
            meter.start(worker)
            installation.settle(worker)
            usage = meter.read()
    bench.add("throughput", case, {RATE: events / usage.wall_s, **usage.per_event(events)})
