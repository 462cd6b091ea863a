"""The table of `sales-kpis sources`."""

from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table

from streams.operations.sources.overview import Overview, SourceState

PIPE_WIDTH = 240
NUMBER_COLUMNS = ("accepted", "refused", "come again", "unmapped")


def print_overview(found: Overview, *, every: bool) -> None:
    """Print a line for each source; with `every` those that are off have theirs."""
    table = Table(box=None, pad_edge=False)
    for name in ("source", "", "address", "last delivery"):
        table.add_column(name, overflow="fold")
    for name in NUMBER_COLUMNS:
        table.add_column(name, justify="right")
    for each in found.sources:
        table.add_row(*_row(each))
    console = Console(highlight=False)
    if not console.is_terminal:
        # A program, or a person with a pager, has lines of any length.
        console.width = PIPE_WIDTH
    if found.sources:
        console.print(table)
    if found.off and not every:
        click.echo(f"off, without a secret: {', '.join(found.off)}")
    if any(each.is_on and each.has_token for each in found.sources):
        click.echo("?token= is followed by the source's secret")
    if found.gateway_problem:
        click.echo(f"no counts of the gateway: {found.gateway_problem}", err=True)
    if found.waiting:
        click.echo(f"{found.waiting:,} deliveries wait to be translated", err=True)


def _row(each: SourceState) -> list[str]:
    last = "-"
    if each.last is not None:
        last = datetime.fromtimestamp(each.last / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    counts = [each.accepted, each.refused, each.unkept]
    return [
        each.name,
        "on" if each.is_on else "off",
        f"{each.address}?token=" if each.has_token else each.address,
        last,
        *("-" if count is None else f"{count:,}" for count in counts),
        f"{each.unmapped:,}",
    ]
