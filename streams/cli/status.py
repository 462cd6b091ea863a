"""The command `sales-kpis status`: what of the webhooks and events so far is in the output."""

import asyncio
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from streams.cli.invocation import KAFKA, configuration, run, stops_quietly

if TYPE_CHECKING:
    from streams.config.settings import Settings
    from streams.internal_topics.progress import Behind


@click.command()
@KAFKA
@click.option("--wait", is_flag=True, help="Wait until every event so far is in the output.")
@click.option("--timeout", type=float, default=600, show_default=True, help="Seconds to wait.")
@stops_quietly
def status(bootstrap: str | None, wait: bool, timeout: float) -> None:
    """Show the progress; exit 0 if every webhook and event so far is in the output.

    What notify, history and page have still to do is shown, and does not decide.
    """
    from streams.operations.readers.health import behind

    used, rules = configuration(bootstrap=bootstrap)
    waiting, found = run(_progress(used, timeout if wait else None))
    if not wait:
        print_held_back(found.held_back)
    if waiting:
        click.echo(f"crm.inbox: {waiting:,} deliveries to be translated")
    for record in found.set_aside:
        click.echo(f"not written, larger than its topic accepts: {record}")
    is_settled = found.is_settled and not (found.set_aside or waiting)
    if is_settled:
        click.echo("settled: every event so far is in sales.kpis")
    else:
        print_missing(found)
    for line in run(behind(used, rules)):
        click.echo(line)
    if is_settled:
        return
    if wait and (waiting or not found.is_settled):
        process = "`sales-kpis translate`" if waiting else "a worker"
        click.echo(f"not settled after {timeout:g} s; is {process} running?", err=True)
    sys.exit(1)


async def _progress(used: "Settings", wait_s: float | None) -> "tuple[int, Behind]":
    """Return how many deliveries and what events wait, with `wait_s` after as much time at most."""
    from aiokafka.errors import GroupAuthorizationFailedError

    from streams.internal_topics.progress import await_settled, behind
    from streams.operations.sources.backlog import await_translated, backlog

    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        waiting = await (backlog(used) if wait_s is None else await_translated(used, wait_s))
    except GroupAuthorizationFailedError:
        click.echo("crm.inbox: this user may not describe the group that translates it", err=True)
        waiting = 0
    if wait_s is None:
        return waiting, await behind(used)
    return waiting, await await_settled(used, wait_s - (clock() - began), print_held_back)


def print_held_back(held_back: Mapping[str, int]) -> None:
    """Print what waits for the end of a producer's transaction."""
    for partition, count in held_back.items():
        click.echo(
            f"{partition}: {count} offsets wait for the end of a producer's open transaction",
            err=True,
        )


def print_missing(found: "Behind") -> None:
    """Print where events and records wait."""
    for partition, count in found.events.items():
        click.echo(f"{partition}: {count} events to be processed")
    if found.partials:
        click.echo(f"kpi.partials: to be published from partitions {list(found.partials)}")
    for number in found.reroutes:
        click.echo(f"aggregate/{number}: events from other partitions to be processed")
    for name in found.reference:
        click.echo(f"{name}: newest reference records to be read")
