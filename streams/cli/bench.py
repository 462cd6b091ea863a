"""The command bench."""

from pathlib import Path

import click

from streams.bench.options import PARTS, USUAL, Options
from streams.cli.invocation import require_java

DEFAULT = Options()
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def ordered(
    context: click.Context,  # noqa: ARG001 - the form that click calls
    parameter: click.Parameter,  # noqa: ARG001
    leads: tuple[int, int],
) -> tuple[int, int]:
    """Require the smaller number of leads first."""
    if leads[0] >= leads[1]:
        raise click.BadParameter("the second number has to be larger than the first")
    return leads


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS), metavar="[PARTS]...")
@click.option(
    "--events",
    type=click.IntRange(min=1_000),
    default=DEFAULT.events,
    show_default=True,
    help="throughput, faust: events of the backlog; with fewer, start and end weigh more.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=5),
    default=DEFAULT.seconds,
    show_default=True,
    help="latency, webhooks, gateway: length of each run.",
)
@click.option(
    "--leads",
    type=(click.IntRange(min=100), click.IntRange(min=100)),
    default=DEFAULT.leads,
    show_default=True,
    callback=ordered,
    metavar="FEW MANY",
    help="memory, restore, cost: two numbers of leads of eight events each.",
)
@click.option(
    "--months",
    type=click.IntRange(1, 120),
    default=DEFAULT.months,
    show_default=True,
    help="cost: length of a long history of the smaller number of leads; 1: none.",
)
@click.option(
    "--rate",
    type=click.IntRange(min=1),
    default=DEFAULT.webhook_rate,
    show_default=True,
    help="gateway: webhooks a second.",
)
@click.option(
    "--repeats",
    type=click.IntRange(1, 100),
    default=DEFAULT.repeats,
    show_default=True,
    help="Measurements of each figure, but of memory.",
)
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all figures here: medians and each repeat.",
)
@click.option(
    "--compare",
    "files",
    type=(FILE, FILE),
    metavar="BEFORE AFTER",
    help="Measure nothing: print what two runs wrote with --json side by side.",
)
def bench(
    parts: tuple[str, ...],
    events: int,
    seconds: float,
    leads: tuple[int, int],
    months: int,
    rate: int,
    repeats: int,
    file: Path | None,
    files: tuple[Path, Path] | None,
) -> None:
    """Measure throughput, latency, memory, restore and cost on an embedded Kafka.

    Without PARTS all five are measured, within about a quarter of an hour. The others, faust
    (plain Faust), webhooks and gateway, are measured where they are named.
    """
    if files is not None:
        print_comparison(*files)
        return
    require_java()
    from rich.console import Console

    from streams.bench.processes import BenchFailed
    from streams.bench.run import run_bench
    from streams.broker.lock import JarError
    from streams.broker.storage import BrokerError

    options = Options(
        parts=tuple(part for part in PARTS if part in (parts or USUAL)),
        events=events,
        seconds=seconds,
        leads=leads,
        months=months,
        repeats=repeats,
        webhook_rate=rate,
    )
    try:
        run_bench(options, Console(), file)
    except (BenchFailed, BrokerError, JarError, OSError) as error:
        raise click.ClickException(str(error)) from error


def print_comparison(before: Path, after: Path) -> None:
    """Print the figures of two runs."""
    from rich.console import Console

    from streams.bench.compare import NoResults, compare

    try:
        Console().print(compare(before, after))
    except (NoResults, OSError) as error:
        raise click.ClickException(str(error)) from error
