"""The command `sales-kpis sources pull`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from streams.cli.invocation import HOST, KAFKA, run, settings, stops_quietly, translator_of
from streams.cli.sources.options import PERIODS_MS, SINCE, Period, since_ms

if TYPE_CHECKING:
    from streams.operations.sources.pulling.pull import OnProgress, Pulled


@click.command()
@KAFKA
@click.argument("source", metavar="SOURCE[/LABEL]")
@SINCE
@click.option(
    "--every", type=Period(), metavar="PERIOD", help="Again and again, such as every 15m."
)
@HOST
@click.option("--metrics-port", type=int, help="With --every. Default: none.")
@stops_quietly
def pull(
    bootstrap: str | None,
    source: str,
    since: int | None,
    every: int | None,
    host: str,
    metrics_port: int | None,
) -> None:
    """Read from a CRM what has changed, and write the events that its webhooks did not bring.

    Without --since what has changed in the last 24 hours. It may be run as often as you like:
    nothing is written twice. Exit code 1 if something cannot be translated or read.
    """
    from streams.operations.sources.accounts import Account
    from streams.operations.sources.pull import pull as pull_once
    from streams.operations.sources.pull import pull_repeatedly
    from streams.operations.sources.pulling.pull import CannotPull

    used = settings(bootstrap=bootstrap, metrics_port=metrics_port)
    translator, account = translator_of(used), Account.read(source)
    at = since_ms(since, used.clock(), used.clock() - PERIODS_MS["d"])
    try:
        if every is not None:
            run(pull_repeatedly(used, translator, account, at, every, host))
        with progress(source) as on_progress:
            found = run(pull_once(used, translator, account, at, on_progress))
    except CannotPull as error:
        raise click.ClickException(str(error)) from error
    print_pulled(found)
    if found.unmapped_count:
        sys.exit(1)


@contextmanager
def progress(source: str) -> Iterator["OnProgress"]:
    """Show on standard error what a pull does, where there is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        tasks = {}

        def on_progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(f"{source}: {what}", total=None)
            shown.update(tasks[what], completed=done, total=total or None)

        yield on_progress


def print_pulled(found: "Pulled") -> None:
    """Print what a pull has done."""
    click.echo(str(found))
    for kind, why in found.unmapped:
        where = ", ".join(filter(None, (why.rule, why.field)))
        click.echo(f"{kind}, {where}: {why.reason}", err=True)
    if more := found.unmapped_count - len(found.unmapped):
        click.echo(f"and {more:,} more", err=True)
    if found.unmapped_count:
        click.echo("these are not in the events: mend the mapping file and pull again", err=True)
