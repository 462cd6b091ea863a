"""`sales-kpis export` and `sales-kpis topics repartition`, as they look in a terminal."""

import asyncio
from pathlib import Path

import click
from rich.console import Console

from streams.cli.progress import bar
from streams.config.settings import Settings
from streams.operations.export import Exported
from streams.operations.export import export as write
from streams.operations.ingest import IngestFailed, report
from streams.operations.repartition import dependent
from streams.operations.repartition import repartition as move


def export_with_progress(settings: Settings, file: Path, *, incomplete: bool) -> bool:
    """Export with a bar where there is a terminal; True if `ingest` would take all of it."""
    with bar("exporting") as progressed:
        try:
            found = asyncio.run(write(settings, file, progressed, incomplete=incomplete))
        except OSError as error:
            raise click.ClickException(str(error)) from error
    _report(found, file)
    return not found.rejected


def repartition_with_progress(
    settings: Settings, partitions: int, file: Path, *, is_wanted: bool
) -> bool:
    """Repartition, or say what that would do; True if every event arrived."""
    if not is_wanted:
        click.echo(f"would write all events to {file}, delete these topics and make them anew:")
        for name in dependent(settings):
            click.echo(f"  {name}")
        click.echo(f"and send all events again to {partitions} partitions; --yes does it")
        return True
    console = Console(stderr=True)
    with bar("exporting") as progressed:
        try:
            found = move(settings, partitions, file, console, progressed, click.echo)
        except (OSError, IngestFailed) as error:
            raise click.ClickException(str(error)) from error
    report(found.ingested, console)
    if found.ingested.sent != found.exported.events:
        click.echo(f"{found.exported.events:,} events were exported: look at {file}", err=True)
        return False
    click.echo(f"now set SALES_KPIS_PARTITIONS={partitions} everywhere and start the workers")
    return True


def _report(found: Exported, file: Path) -> None:
    click.echo(f"{found.events:,} events are in {file}")
    if found.skipped:
        click.echo(f"{found.skipped:,} records are no events and were left out (dead letters)")
    for problem in found.problems:
        click.echo(f"{problem}: counted now, but `ingest` would refuse it", err=True)
    if found.rejected > len(found.problems):
        click.echo(f"and {found.rejected - len(found.problems):,} more", err=True)
