"""The terminal output of `sales-kpis export` and `sales-kpis topics repartition`."""

import asyncio
from pathlib import Path

import click
from rich.console import Console

from streams.cli.progress import bar
from streams.config.settings import Settings
from streams.operations.export import Exported
from streams.operations.export import export as write
from streams.operations.ingest import SendingFailed, report
from streams.operations.repartition import dependent_topics, repartition


def export_with_progress(settings: Settings, file: Path, *, incomplete: bool) -> bool:
    """Export with a bar where there is a terminal; return whether `ingest` would accept it all."""
    with bar("exporting") as on_progress:
        try:
            found = asyncio.run(write(settings, file, on_progress, incomplete=incomplete))
        except OSError as error:
            raise click.ClickException(str(error)) from error
    _report(found, file)
    return not found.rejected


def repartition_with_progress(
    settings: Settings, partitions: int, file: Path, *, is_confirmed: bool
) -> bool:
    """Repartition, or only print the steps; return whether every event arrived."""
    if not is_confirmed:
        click.echo(f"would write all events to {file}, delete and create again these topics:")
        for name in dependent_topics(settings):
            click.echo(f"  {name}")
        click.echo(f"and send all events again to {partitions} partitions; --yes does it")
        return True
    console = Console(stderr=True)
    with bar("exporting") as on_progress:
        try:
            found = repartition(settings, partitions, file, console, on_progress, click.echo)
        except (OSError, SendingFailed) as error:
            raise click.ClickException(str(error)) from error
    report(found.ingested, console)
    if found.ingested.sent != found.exported.events:
        click.echo(f"but {found.exported.events:,} events were exported: check {file}", err=True)
        return False
    click.echo(f"now set SALES_KPIS_PARTITIONS={partitions} everywhere and start the workers")
    return True


def _report(found: Exported, file: Path) -> None:
    click.echo(f"{found.events:,} events are in {file}")
    if found.skipped:
        click.echo(f"{found.skipped:,} records are not events and were left out (dead letters)")
    for problem in found.problems:
        click.echo(f"{problem}: counted now, but `ingest` would reject it", err=True)
    if found.rejected > len(found.problems):
        click.echo(f"and {found.rejected - len(found.problems):,} more", err=True)
