"""Commands that show the product, measure it, and write what is generated from it."""

import sys
from pathlib import Path

import click

from streams.cli.common import KAFKA, configuration


@click.command()
@KAFKA
@click.option("--seconds", type=float, help="End by itself after so many seconds.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which made-up company.")
def demo(bootstrap: str | None, seconds: float | None, seed: int) -> None:
    """Show it all at once: Kafka, gateway, two workers, a made-up company, live KPIs."""
    from streams.demo.run import run_demo

    sys.exit(run_demo(*configuration(), seconds, seed=seed, bootstrap=bootstrap))


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def schemas(folder: Path) -> None:
    """Write the JSON Schemas of events and records to a folder."""
    from streams.artifacts.schema_folder import write

    write(folder)


@click.command()
@click.option(
    "--events",
    type=click.IntRange(min=1_000),
    default=400_000,
    show_default=True,
    help="How many; of fewer, starting and ending are a greater part.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=5),
    default=20,
    show_default=True,
    help="Of each latency run.",
)
def bench(events: int, seconds: float) -> None:
    """Measure events/s and latency of the whole way on an embedded Kafka."""
    from streams.bench import run_bench

    run_bench(events, seconds)
