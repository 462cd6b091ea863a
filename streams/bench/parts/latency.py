"""Latency at steady rates: from produce to the committed KPI, of all and of a rep's day."""

import asyncio

from streams.bench.bench import Bench
from streams.bench.latency import CALLS, LEADS, Latencies, latencies, percentiles
from streams.bench.options import EVERY_KPI, CatalogueChoice
from streams.bench.parts.throughput import fill
from streams.bench.results import Quantity

# The seeds of these runs differ from those of the backlogs, and so do their leads.
SEEDS = 100
EARLIER_EVENTS = 2_000


def measure(bench: Bench) -> None:
    """Measure p50 and p99 of each catalogue at each rate, after a small backlog.

    Processor times and counts include what is published after the last event of a run.
    """
    options = bench.options
    for number in range(options.repeats):
        for choice in options.catalogues:
            fill(bench, EARLIER_EVENTS, SEEDS)
            bench.installation.renew(choice, keep_events=True)
            measure_worker(bench, choice, SEEDS + 1 + number * len(options.rates))


def measure_worker(bench: Bench, choice: CatalogueChoice, first_seed: int) -> None:
    """Measure one worker at one rate after the other."""
    installation, options = bench.installation, bench.options
    watched = LEADS if choice == EVERY_KPI else CALLS
    with installation.worker() as worker:
        for seed, rate in enumerate(options.rates, first_seed):
            case = f"{choice.name}, {rate:,} events/s"
            with bench.steps.step(f"latency, {case}"):
                installation.settle(worker)
                meter = installation.meter()
                meter.start(worker)
                found = asyncio.run(
                    latencies(installation.settings, rate, options.seconds, seed, watched=watched)
                )
                installation.settle(worker)
                usage = meter.read()
            events = int(rate * options.seconds)
            bench.add("latency", case, {**of_all_and_of_a_rep(found), **usage.per_event(events)})


def of_all_and_of_a_rep(found: Latencies) -> dict[Quantity, float]:
    """Return the percentiles of both, and how many events they are of."""
    figures: dict[Quantity, float] = {}
    for whose, each in (("of all", found.total), ("of a rep's day", found.by_rep)):
        p50, p99 = percentiles(each)
        figures |= {Quantity(f"{whose}, p50", "ms"): p50, Quantity(f"{whose}, p99", "ms"): p99}
    return {**figures, Quantity("counted", "events"): len(found.total)}
