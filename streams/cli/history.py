"""The command that keeps the past of all KPIs: history, and its rebuilding."""

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from streams.cli.invocation import HOST, KAFKA, run, settings_without_rules, stops_quietly
from streams.cli.run import METRICS_PORT

if TYPE_CHECKING:
    from streams.config.settings import Settings


@click.group(invoke_without_command=True)
@KAFKA
@HOST
@METRICS_PORT
@click.option("--once", is_flag=True, help="End when all that is published now is written.")
@click.pass_context
@stops_quietly
def history(
    context: click.Context, bootstrap: str | None, host: str, metrics_port: int | None, once: bool
) -> None:
    """Keep the past of all KPIs in SQLite or PostgreSQL.

    SALES_KPIS_HISTORY says where: a path, or postgresql://user:password@host/database. It may be
    stopped or killed at any time and goes on where it was. One process at a time writes.
    """
    if context.invoked_subcommand is not None:
        context.obj = bootstrap
        return
    used = settings_without_rules(bootstrap=bootstrap, metrics_port=metrics_port)
    click.echo(f"{_keep(used, host, until_caught_up=once):,} records read")


@history.command()
@KAFKA
@click.pass_obj
@stops_quietly
def rebuild(of_history: str | None, bootstrap: str | None) -> None:
    """Write everything again from the topics, and delete what they no longer hold.

    What KPIs of running windows were on earlier days is kept: the topics no longer have it. Stop
    the command `history` first.
    """
    # A port of the environment belongs to the process that keeps the history.
    used = replace(settings_without_rules(bootstrap=bootstrap or of_history), metrics_port=None)
    count = _keep(used, "", is_whole=True, until_caught_up=True)
    click.echo(f"{count:,} records read; the history is what the topics hold")


def _keep(used: "Settings", host: str, **how: bool) -> int:
    """Keep the history, with its metrics where there is a port, and return how much was read."""
    from streams.history.metrics import HistoryMetrics
    from streams.history.run import How, keep
    from streams.history.store import address, shown
    from streams.output.prometheus.metrics_server import metrics_server
    from streams.process import logs

    async def work() -> int:
        metrics = HistoryMetrics()
        async with metrics_server(used, metrics.registry, host, metrics.trouble):
            return await keep(used, metrics, How(**how))

    logs.set_up(used.log, logging.INFO)
    click.echo(f"history: {shown(address(used))}", err=True)
    return run(work())
