"""Commands that keep running: Kafka, workers, the gateway; and the topics they need."""

import logging
import sys
from pathlib import Path

import click

from streams.cli.common import (
    HOST,
    KAFKA,
    attempt,
    configuration,
    run,
    settings,
    stops_quietly,
)
from streams.config.declaration import BadSetting


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Where to keep it; default: nowhere.")
@click.option("--port", type=int, help="Default: any free one.")
def broker(data: Path | None, port: int | None) -> None:
    """Run a real Kafka in the foreground, for a desk or a test."""
    from streams.broker.command import run as run_broker
    from streams.broker.lock import JarError
    from streams.broker.storage import BrokerError

    try:
        run_broker(data, port)
    except (BrokerError, JarError) as error:
        raise click.ClickException(str(error)) from error


@click.group()
def topics() -> None:
    """The topics this product needs."""


@topics.command()
@KAFKA
def apply(bootstrap: str | None) -> None:
    """Create the topics that are missing; safe to repeat."""
    from streams.kafka import topics as needed

    for line in run(needed.apply(settings(bootstrap=bootstrap))):
        click.echo(line)


@topics.command()
@KAFKA
@click.option("--partitions", type=click.IntRange(1, 1_000), required=True, help="How many.")
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Where all events are kept on the way; a new file, which stays.",
)
@click.option("--yes", is_flag=True, help="Do it; else say what would be done.")
@stops_quietly
def repartition(bootstrap: str | None, partitions: int, file: Path, yes: bool) -> None:
    """Move all events to topics with another number of partitions.

    Workers, gateway and all senders have to be stopped first. All events are written to a file,
    the topics deleted and made anew, and the events sent again; KPIs come out as before.
    """
    from streams.cli.transfers import repartition_with_progress

    where = settings(bootstrap=bootstrap)
    if not attempt(lambda: repartition_with_progress(where, partitions, file, is_wanted=yes)):
        sys.exit(1)


@topics.command("rights")
@click.option("--principal", default="User:{role}", show_default=True, help="Whom to allow.")
def list_acls(principal: str) -> None:
    """Write the least rights of each role as arguments for kafka-acls.sh."""
    from streams.kafka.acls import acls

    for right in acls(settings()):
        click.echo(right.command(principal.format(role=right.role)))


@click.command()
@KAFKA
@HOST
@click.option("--metrics-port", type=int, help="Serve /metrics, /livez and /readyz here.")
@click.option(
    "--processes",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="How many, to use as many processors; the others' metrics are on the ports after.",
)
@click.option("--supervise", is_flag=True, help="Start it again whenever it ends.")
def worker(
    bootstrap: str | None, host: str, metrics_port: int | None, processes: int, supervise: bool
) -> None:
    """Run one worker; more workers, the same command.

    Several processes share the work as several workers do, and are supervised.
    """
    where, rules = configuration(bootstrap=bootstrap)
    if supervise or processes > 1:
        from streams.process import logs
        from streams.process.supervisor import Supervisor

        logs.set_up(where.log, logging.WARNING)
        of_all = ["worker", "--bootstrap", where.bootstrap, "--host", host]
        # Of port 0, any free one, each process takes its own.
        ports = [metrics_port and metrics_port + number for number in range(processes)]
        commands = [
            [*of_all, *([] if port is None else ["--metrics-port", str(port)])] for port in ports
        ]
        sys.exit(Supervisor(commands).run())
    from streams.operations.worker import run_worker

    run_worker(where, rules, host, metrics_port)


@click.command()
@KAFKA
@HOST
@click.option("--port", type=int, help="Default: SALES_KPIS_GATEWAY_PORT.")
def gateway(bootstrap: str | None, host: str, port: int | None) -> None:
    """Take events over HTTP: POST /events."""
    from streams.gateway.server import run_gateway

    try:
        run_gateway(settings(bootstrap=bootstrap), port, host=host)
    except BadSetting as error:
        raise click.ClickException(str(error)) from error
