"""The commands that run servers: broker, worker, gateway; and those of their topics."""

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from streams.cli.invocation import (
    HOST,
    KAFKA,
    attempt,
    configuration,
    require_java,
    run,
    settings,
    stops_quietly,
    translator_of,
)
from streams.config.declaration import BadSetting

if TYPE_CHECKING:
    from streams.config.settings import Settings

METRICS_PORT = click.option(
    "--metrics-port",
    type=click.IntRange(0, 65_535),
    help="Serve /metrics, /livez and /readyz here. Default: SALES_KPIS_METRICS_PORT.",
)


@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path), help="Folder for its data; default: a temporary one."
)
@click.option("--port", type=int, help="Default: any free one.")
def broker(data: Path | None, port: int | None) -> None:
    """Run a real Kafka in the foreground, for development and tests."""
    require_java()
    from streams.broker.command import run as run_broker
    from streams.broker.lock import JarError
    from streams.broker.storage import BrokerError

    try:
        run_broker(data, port)
    except (OSError, BrokerError, JarError) as error:
        raise click.ClickException(str(error)) from error


@click.group()
def topics() -> None:
    """The topics of an installation."""


@topics.command()
@KAFKA
def apply(bootstrap: str | None) -> None:
    """Create the topics that are missing; safe to repeat."""
    from streams.kafka import topics as installed

    for line in run(installed.apply(settings(bootstrap=bootstrap))):
        click.echo(line)


@topics.command()
@KAFKA
@click.option("--partitions", type=click.IntRange(1, 1_000), required=True, help="How many.")
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="A new file for all events, which is kept.",
)
@click.option("--yes", is_flag=True, help="Do it; without this only print the steps.")
@stops_quietly
def repartition(bootstrap: str | None, partitions: int, file: Path, yes: bool) -> None:
    """Change the number of partitions of the topics of events.

    Workers, translation, gateway and all senders have to be stopped first. All events are written
    to a file, the topics deleted and created again, and the events sent again; the KPIs are the
    same after it.
    """
    from streams.cli.transfers import repartition_with_progress

    used = settings(bootstrap=bootstrap)
    if not attempt(lambda: repartition_with_progress(used, partitions, file, is_confirmed=yes)):
        sys.exit(1)


@topics.command("rights")
@click.option(
    "--principal", default="User:{role}", show_default=True, help="The principal of each role."
)
def list_acls(principal: str) -> None:
    """Print the minimal ACLs of each role as arguments for kafka-acls.sh."""
    from streams.kafka.acls import acls

    for acl in acls(settings()):
        click.echo(acl.command(principal.format(role=acl.role)))


@click.command()
@KAFKA
@HOST
@METRICS_PORT
@click.option(
    "--processes",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Number of processes, one per processor; further metrics ports follow the first.",
)
@click.option("--supervise", is_flag=True, help="Start it again whenever it ends.")
def worker(
    bootstrap: str | None, host: str, metrics_port: int | None, processes: int, supervise: bool
) -> None:
    """Run one worker; run the same command again for more workers.

    Several processes share the work like several workers, and are supervised.
    """
    used, rules = configuration(bootstrap=bootstrap, metrics_port=metrics_port)
    if supervise or processes > 1:
        supervised("worker", used, host, processes)
    from streams.operations.worker import run_worker

    run_worker(used, rules, host)


def supervised(command: str, used: "Settings", host: str, processes: int) -> NoReturn:
    """Run a command in several processes, each of which is started again whenever it ends."""
    from streams.process import logs
    from streams.process.supervisor import Supervisor

    logs.set_up(used.log, logging.WARNING)
    arguments = [command, "--bootstrap", used.bootstrap, "--host", host]
    first = used.metrics_port
    # With port 0, any free one, each process chooses its own.
    ports = [first and first + number for number in range(processes)]
    commands = [
        [*arguments, *([] if port is None else ["--metrics-port", str(port)])] for port in ports
    ]
    sys.exit(Supervisor(commands).run())


@click.command()
@KAFKA
@HOST
@METRICS_PORT
@click.option(
    "--processes",
    type=click.IntRange(1, 8),
    default=1,
    show_default=True,
    help="Number of processes; further metrics ports follow the first.",
)
@click.option("--supervise", is_flag=True, help="Start it again whenever it ends.")
def translate(
    bootstrap: str | None, host: str, metrics_port: int | None, processes: int, supervise: bool
) -> None:
    """Translate the webhooks that the gateway has accepted into events.

    Run the same command again for more processes: they share the inbox. Several processes share
    it likewise, and are supervised.
    """
    used = settings(bootstrap=bootstrap, metrics_port=metrics_port)
    translator = translator_of(used)
    if supervise or processes > 1:
        supervised("translate", used, host, processes)
    from streams.operations.sources.translate import run_translate

    run_translate(used, translator, host)


@click.command()
@KAFKA
@HOST
@click.option("--port", type=int, help="Default: SALES_KPIS_GATEWAY_PORT.")
def gateway(bootstrap: str | None, host: str, port: int | None) -> None:
    """Run the gateway, which accepts events over HTTP: POST /events."""
    from streams.gateway.server import run_gateway
    from streams.wiring.catalogue import catalogue, known_names

    used, rules = configuration(bootstrap=bootstrap)
    try:
        run_gateway(used, port, host, known_names(catalogue(used, rules)))
    except BadSetting as error:
        raise click.ClickException(str(error)) from error
