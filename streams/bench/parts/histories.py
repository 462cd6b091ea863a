"""Memory, restore and cost: histories of leads of different size and length, one after another.

The three parts share the workers: making a history takes longer than measuring one.
"""

import time
from typing import NamedTuple

from streams.bench.bench import Bench
from streams.bench.leads import Leads
from streams.bench.meter import CPU, OUTPUT, WRITTEN
from streams.bench.processes import Running
from streams.bench.results import Quantity, Results
from streams.bench.workload import organisation

SEED, LATER_SEEDS = 1, 1_000
DAYS_PER_MONTH = 31
# Polls of rest before something is measured: between two parts of its work a worker rests briefly.
CERTAIN_POLLS = 10
MEMORY = Quantity("memory once settled", "MB")
MEMORY_RESTORED = Quantity("memory after a restart", "MB")
SLOPES = {
    MEMORY: Quantity("a lead, once settled", "kB"),
    MEMORY_RESTORED: Quantity("a lead, after a restart", "kB"),
}
SETTLED = Quantity("from start to settled", "s")
READY, READY_CPU = Quantity("from start to ready", "s"), Quantity("worker's CPU until ready", "s")
# When events of old leads happen: now, or in the first days of their lead.
WHENS = ("today", "late")


class Size(NamedTuple):
    """A history: how many leads were created within how many months."""

    leads: int
    months: int

    def __str__(self) -> str:
        """Name the case of this size."""
        return f"{self.leads:,} leads, {self.months} month{'s' if self.months > 1 else ''}"


def measure(bench: Bench) -> None:
    """Measure those of memory, restore and cost that are asked for."""
    options = bench.options
    first, *more = (Size(leads, 1) for leads in options.leads)
    long = Size(first.leads, options.months)
    others = [*more, long] if long != first and "cost" in options.parts else more
    for size in (first, *others):
        measure_size(bench, size)
    if "memory" in options.parts:
        for size in more:
            bench.add("memory", str(size), slopes(bench.results, first, size))
    if "cost" in options.parts:
        for size in others:
            bench.add("cost", str(size), ratios(bench.results, first, size))


def measure_size(bench: Bench, size: Size) -> None:
    """Make a history and measure on it all that is asked for."""
    installation, parts, case = bench.installation, bench.options.parts, str(size)
    leads = Leads(SEED, size.leads, now(), size.months * DAYS_PER_MONTH)
    with bench.steps.step(f"filling Kafka, {case}"):
        installation.renew(bench.options.catalogues[0])
        installation.send(organisation())
        installation.send(bench.steps.each("making events", leads.history(), leads.events))
    with bench.steps.step(f"adding up, {case}"), installation.worker() as worker:
        installation.settle(worker)
        seconds = time.monotonic() - worker.began
        figures = {
            SETTLED: seconds,
            CPU: 1e6 * (worker.cpu_s() - worker.ready_cpu_s) / leads.events,
        }
        bench.add("memory", case, {MEMORY: worker.memory() / 1e6, **figures})
    # A long history is made for its cost alone.
    restarts = bench.options.repeats if "restore" in parts and size.months == 1 else 1
    for number in range(restarts):
        with bench.steps.step(f"restore, {case}"), installation.worker() as worker:
            figures = {READY: worker.ready - worker.began, READY_CPU: worker.ready_cpu_s}
            bench.add("restore", case, figures)
            if number == restarts - 1:
                worker.rest(CERTAIN_POLLS)
                bench.add("memory", case, {MEMORY_RESTORED: worker.memory() / 1e6})
                measure_cost(bench, leads, case, worker)


def measure_cost(bench: Bench, leads: Leads, case: str, worker: Running) -> None:
    """Send bursts of events on old leads to a worker, if that is asked for."""
    options, installation = bench.options, bench.installation
    if "cost" not in options.parts:
        return
    for number in range(options.repeats):
        for seed, when in enumerate(WHENS, LATER_SEEDS + number * len(WHENS)):
            with bench.steps.step(f"cost, {case}, events of {when}"):
                worker.rest(CERTAIN_POLLS)
                meter = installation.meter()
                meter.start(worker)
                at = now() if when == "today" else None
                installation.send(leads.later_events(seed, options.burst, at))
                installation.settle(worker)
                worker.rest()
                usage = meter.read().per_event(options.burst)
            kept = {of(when, each): usage[each] for each in (CPU, OUTPUT, WRITTEN)}
            bench.add("cost", case, kept)


def slopes(results: Results, small: Size, large: Size) -> dict[Quantity, float]:
    """Return the memory of a lead: by how much that of a worker rises with more of them."""
    found = {}
    for quantity, slope in SLOPES.items():
        low, high = (results.median("memory", str(size), quantity) for size in (small, large))
        found[slope] = 1e3 * (high - low) / (large.leads - small.leads)
    return found


def ratios(results: Results, base: Size, size: Size) -> dict[Quantity, float]:
    """Return how many times the processor time of an event is that in another history."""
    found = {}
    for when in WHENS:
        quantity = of(when, CPU)
        low, high = (results.median("cost", str(each), quantity) for each in (base, size))
        found[Quantity(f"{quantity.name}, to {base}", "times")] = high / low
    return found


def of(when: str, quantity: Quantity) -> Quantity:
    """Return a quantity of events that happen today, or come late."""
    return Quantity(f"{when}: {quantity.name}", quantity.unit)


def now() -> int:
    """Return the present instant in milliseconds."""
    return time.time_ns() // 1_000_000
