"""`make bench`: the parts of the benchmark, one after another on one embedded Kafka."""

import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from streams.bench.bench import Bench
from streams.bench.installation import Installation
from streams.bench.options import OF_HISTORIES, Options
from streams.bench.parts import gateway_load, histories, latency, plain_faust, throughput, webhooks
from streams.bench.results import Results
from streams.bench.steps import Steps
from streams.broker.embedded import EmbeddedKafka

# In this order; the parts of one entry are measured together.
MEASURES: tuple[tuple[frozenset[str], Callable[[Bench], None]], ...] = (
    (frozenset({"throughput"}), throughput.measure),
    (frozenset({"latency"}), latency.measure),
    (OF_HISTORIES, histories.measure),
    (frozenset({"faust"}), plain_faust.measure),
    (frozenset({"webhooks"}), webhooks.measure),
    (frozenset({"gateway"}), gateway_load.measure),
)


def run_bench(options: Options, console: Console, file: Path | None = None) -> Results:
    """Measure the chosen parts; print a table for each, and write all figures to a file as JSON.

    Machines are noisy, so most figures are medians of repeats. The file is written after each part,
    so that a run that is ended leaves those that it has. Raises BenchFailed and OSError.
    """
    results, began = Results(), datetime.now(UTC).isoformat(timespec="seconds")
    described = {**asdict(options), "catalogues": [each.name for each in options.catalogues]}
    # A group is asked for before it is there, and the topics of plain Faust as well.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with (
        tempfile.TemporaryDirectory(prefix="sales-kpis-bench-") as folder,
        EmbeddedKafka(console=Console(quiet=True)) as kafka,
        Steps(console) as steps,
    ):
        bench = Bench(options, Installation(kafka, Path(folder)), steps, results)
        for names, measure in MEASURES:
            if chosen := [part for part in options.parts if part in names]:
                measure(bench)
                for part in chosen:
                    console.print(results.table(part))
                if file is not None:
                    results.write(file, began, os.cpu_count() or 1, described)
    return results
