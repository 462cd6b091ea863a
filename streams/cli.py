"""The command `sales-kpis`."""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from streams.settings import BadSetting, Settings, instant

# Commands import what they need when they run: `--help` and `replay` start no Kafka client.
T = TypeVar("T")
KAFKA = click.option("--bootstrap", metavar="HOST:PORT", help="The Kafka to talk to.")
HOST = click.option("--host", default="127.0.0.1", show_default=True, help="The address to bind.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sales-kpi-streams")
def main() -> None:
    """Exact sales KPIs from CRM events, live.

    Settings come from the environment (SALES_KPIS_BOOTSTRAP, SALES_KPIS_TIMEZONE, ...); `doctor`
    lists them and says what is wrong.
    """


def settings(**given: Any) -> Settings:
    """Read the environment, then put what was given on the command line over it.

    Rules that cannot be used end the command with exit code 2.
    """
    from streams.kpis import catalogue

    found = settings_alone(**given)
    try:
        # Rules name KPIs, so they are read with the catalogue.
        catalogue(found)
    except BadSetting as error:
        raise BadRules(str(error)) from error
    return found


def settings_alone(**given: Any) -> Settings:
    """Read the settings as `settings` does, without a look at the rules file."""
    try:
        found = Settings.from_environment()
        return replace(found, **{name: value for name, value in given.items() if value is not None})
    except BadSetting as error:
        raise click.ClickException(str(error)) from error


class BadRules(click.ClickException):
    """A rules file that cannot be used; the message is one line that names the line at fault."""

    exit_code = 2


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; what it refuses to do becomes one clear line."""
    return attempt(lambda: asyncio.run(work))


def attempt(work: Callable[[], T]) -> T:
    """Do something that talks to Kafka; what goes wrong becomes one clear line."""
    from aiokafka.errors import KafkaError

    from streams.tables.fatal import Fatal

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it says is said below
    try:
        return work()
    except (BadSetting, Fatal) as error:
        raise click.ClickException(str(error)) from error
    except KafkaError as error:
        raise click.ClickException(
            f"Kafka: {error}; is it running at SALES_KPIS_BOOTSTRAP? `sales-kpis doctor` looks"
        ) from error


def say_refused(line: int, field: str | None, reason: str) -> None:
    """Tell which line of a file is no event, and why."""
    click.echo(f"line {line}{f', field {field}' if field else ''}: {reason}", err=True)


async def print_lines(lines: AsyncGenerator[bytes, None], follow: bool) -> None:
    """Print lines as they come, each at once if there is no end of them."""
    async for line in lines:
        sys.stdout.buffer.write(line + b"\n")
        if follow:
            sys.stdout.buffer.flush()


def stops_quietly(command: Callable[..., None]) -> Callable[..., None]:
    """Let Ctrl-C and a closed pipe end a command without a trace."""

    @wraps(command)
    def wrapped(*args: Any, **named: Any) -> None:
        try:
            command(*args, **named)
        except KeyboardInterrupt:
            sys.exit(130)
        except BrokenPipeError:
            sys.stderr.close()

    return wrapped


@main.command()
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


@main.group()
def topics() -> None:
    """The topics this product needs."""


@topics.command()
@KAFKA
def apply(bootstrap: str | None) -> None:
    """Create the topics that are missing; safe to repeat."""
    from streams.tables import topics as needed

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
    from streams.cli_export import say_repartition

    where = settings(bootstrap=bootstrap)
    if not attempt(lambda: say_repartition(where, partitions, file, is_wanted=yes)):
        sys.exit(1)


@topics.command("rights")
@click.option("--principal", default="User:{role}", show_default=True, help="Whom to allow.")
def list_rights(principal: str) -> None:
    """Write the least rights of each role as arguments for kafka-acls.sh."""
    from streams.tables.rights import rights

    for right in rights(settings()):
        click.echo(right.command(principal.format(role=right.role)))


@main.command()
@KAFKA
@HOST
@click.option("--metrics-port", type=int, help="Serve /metrics, /livez and /readyz here.")
@click.option("--supervise", is_flag=True, help="Start it again whenever it ends.")
def worker(bootstrap: str | None, host: str, metrics_port: int | None, supervise: bool) -> None:
    """Run one worker; more workers, the same command."""
    where = settings(bootstrap=bootstrap)
    if supervise:
        from streams import logs
        from streams.supervising import Supervisor

        logs.set_up(where.log, logging.WARNING)
        given = [text for text in sys.argv[1:] if text != "--supervise"]
        sys.exit(Supervisor(given).run())
    from streams.working import run_worker

    run_worker(where, host, metrics_port)


@main.command()
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


@main.command()
@KAFKA
@click.option("--wait", is_flag=True, help="Until every event so far is in the output.")
@click.option("--timeout", type=float, default=600, show_default=True, help="Seconds to wait.")
@stops_quietly
def status(bootstrap: str | None, wait: bool, timeout: float) -> None:
    """Say how far the workers are; exit 0 if every event so far is in the output."""
    from streams.tables.progress import await_settled, behind

    where = settings(bootstrap=bootstrap)
    found = run(await_settled(where, timeout) if wait else behind(where))
    if found.is_settled:
        click.echo("settled: every event so far is in sales.kpis")
        return
    for place, count in found.events.items():
        click.echo(f"{place}: {count} events to go")
    if found.partials:
        click.echo(f"kpi.partials: to be published from partitions {list(found.partials)}")
    for number in found.moved:
        click.echo(f"shard {number}: merged subjects' events are on their way to it")
    for name in found.reference:
        click.echo(f"{name}: has not heard of the newest reference records")
    if wait:
        click.echo(f"not settled after {timeout:g} s; is a worker running?", err=True)
    sys.exit(1)


@main.command()
@KAFKA
@stops_quietly
def verify(bootstrap: str | None) -> None:
    """Work all KPIs out again beside the workers and compare; exit 1 if one is published wrong."""
    from streams.cli_verify import say_verdict

    where = settings(bootstrap=bootstrap)
    if not attempt(lambda: say_verdict(where)):
        sys.exit(1)


@main.command()
@KAFKA
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@stops_quietly
def ingest(bootstrap: str | None, file: Path) -> None:
    """Send a file of events to Kafka: one JSON object a line, any order."""
    from rich.console import Console

    from streams.ingest import IngestFailed, report
    from streams.ingest import ingest as send

    try:
        result = attempt(lambda: send(file, settings(bootstrap=bootstrap)))
    except IngestFailed as error:
        raise click.ClickException(str(error)) from error
    report(result, Console(stderr=True))
    sys.exit(result.exit_code)


@main.command()
@KAFKA
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--incomplete", is_flag=True, help="Even if Kafka has deleted some.")
@stops_quietly
def export(bootstrap: str | None, file: Path, incomplete: bool) -> None:
    """Write all events to a new file that `ingest` and `replay` read."""
    from streams.cli_export import say_export

    where = settings(bootstrap=bootstrap)
    if not attempt(lambda: say_export(where, file, incomplete=incomplete)):
        sys.exit(1)


@main.command()
@KAFKA
@click.option("--kpi", help="Only this KPI.")
@click.option("--window", help="Only windows of this kind: day, week, last_7d, ...")
@click.option("--scope", help="`all`, or such as rep=ann.")
@click.option("--follow", is_flag=True, help="Go on with every change.")
@stops_quietly
def dump(
    bootstrap: str | None, kpi: str | None, window: str | None, scope: str | None, follow: bool
) -> None:
    """Print the latest of sales.kpis as JSON lines."""
    from streams.publish.dump import dump as latest

    where = settings(bootstrap=bootstrap)
    run(print_lines(latest(where, kpi=kpi, window=window, scope=scope, follow=follow), follow))


@main.command()
@KAFKA
@click.option("--kind", help="Only alerts of this kind.")
@click.option("--rep", help="Only this rep's.")
@click.option("--follow", is_flag=True, help="Go on with every change.")
@stops_quietly
def alerts(bootstrap: str | None, kind: str | None, rep: str | None, follow: bool) -> None:
    """Print the alerts that stand as JSON lines."""
    from streams.publish.alerts import alerts as standing

    where = settings(bootstrap=bootstrap)
    run(print_lines(standing(where, kind=kind, rep=rep, follow=follow), follow))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--now", help="As of this time, such as 2026-03-02T09:15:00+03:30.")
@click.option("--timezone", help="The reporting zone, an IANA name.")
@click.option("--currency", help="The reporting currency, ISO 4217.")
@click.option("--out", type=click.Path(path_type=Path), help="Default: standard output.")
@click.option("--alerts", is_flag=True, help="The alerts instead, as `alerts` would give them.")
@stops_quietly
def replay(
    file: Path,
    now: str | None,
    timezone: str | None,
    currency: str | None,
    out: Path | None,
    alerts: bool,
) -> None:
    """Compute a file of events without Kafka: the records that `dump` would give."""
    from streams.replay import replay as kpi_records
    from streams.replay import replay_alerts

    refused = 0

    def refuse(line: int, why: Any) -> None:
        nonlocal refused
        refused += 1
        say_refused(line, why.field, why.reason)

    try:
        at = instant(now, "--now") if now else None
        where = settings(now=at, timezone=timezone, currency=currency)
        with file.open("rb") as lines, click.open_file(out or "-", "wb") as target:
            records = replay_alerts if alerts else kpi_records
            for record in records(lines, where, refuse):
                target.write(record + b"\n")
    except BadSetting as error:
        raise click.ClickException(str(error)) from error
    if refused:
        click.echo(f"{refused} lines refused", err=True)
        sys.exit(1)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For programs, with settings in force.")
@click.option("--markdown", is_flag=True, help="As a page, by question.")
def catalogue(as_json: bool, markdown: bool) -> None:
    """List the KPIs: what each says, its unit, where it is told apart."""
    from streams.kpis import catalogue as declared
    from streams.kpis.describing import entries, in_force
    from streams.publish.page import page

    where = settings()
    if as_json:
        found = {"settings": in_force(where), "kpis": list(entries(declared(where)).values())}
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif markdown:
        click.echo(page(declared(where)), nl=False)
    else:
        for kpi in declared(where).published:
            click.secho(f"{kpi.name}  ({kpi.kind}, {kpi.unit})", bold=True)
            click.echo(f"  by {', '.join(kpi.reach)}")
            click.echo("  " + kpi.text.replace("\n", "\n  ") + "\n")


@main.group()
def dead_letters() -> None:
    """Records that could not be read: look at them, mend them, send them again."""


TOPIC = click.option("--topic", help="Only those that came by this topic.")
REASON = click.option("--reason", help="Only those whose reason holds this text.")


@dead_letters.command("list")
@KAFKA
@TOPIC
@REASON
@click.option("--all", "every", is_flag=True, help="Those sent again, too.")
def list_letters(bootstrap: str | None, topic: str | None, reason: str | None, every: bool) -> None:
    """List those that wait: offset, when, whence, field, reason."""
    from streams.cli_dead_letters import say_list

    attempt(lambda: say_list(settings(bootstrap=bootstrap), topic, reason, every=every))


@dead_letters.command()
@KAFKA
@click.argument("offset", type=int)
@click.option("--raw", is_flag=True, help="The original bytes and nothing else.")
def show(bootstrap: str | None, offset: int, raw: bool) -> None:
    """Show one whole, by its offset."""
    from streams.cli_dead_letters import say_one

    attempt(lambda: say_one(settings(bootstrap=bootstrap), offset, raw=raw))


@dead_letters.command("replay")
@KAFKA
@click.argument("offsets", type=int, nargs=-1)
@TOPIC
@REASON
@click.option("--all", "every", is_flag=True, help="All that wait; else name some.")
@click.option("--set", "assign", multiple=True, metavar="NAME=TEXT|NAME:=JSON", help="A field.")
@click.option("--drop", multiple=True, metavar="NAME", help="Leave a field out.")
@click.option("--value", type=click.Path(exists=True, path_type=Path), help="The whole event.")
@click.option("--dry-run", is_flag=True, help="Only show what would be sent.")
def replay_letters(
    bootstrap: str | None,
    offsets: tuple[int, ...],
    topic: str | None,
    reason: str | None,
    every: bool,
    assign: tuple[str, ...],
    drop: tuple[str, ...],
    value: Path | None,
    dry_run: bool,
) -> None:
    """Send letters again, mended; exit 1 if one is still no event."""
    from streams.cli_dead_letters import replay

    if not (offsets or topic or reason or every):
        raise click.UsageError("name offsets, --topic, --reason, or --all")
    chosen, change = (offsets, topic, reason), (assign, drop, value)
    where = settings(bootstrap=bootstrap)
    if not attempt(lambda: replay(where, chosen, change, dry=dry_run)):
        sys.exit(1)


@main.command()
@KAFKA
def doctor(bootstrap: str | None) -> None:
    """Say in plain words what is wrong with broker, topics, clocks, settings and rules."""
    from streams.doctor import examine

    findings = run(examine(settings_alone(bootstrap=bootstrap)))
    for finding in findings:
        click.secho(f"{finding.verdict:5}", nl=False, fg=finding.colour)
        click.echo(f" {finding.what}" + (f"\n      -> {finding.advice}" if finding.advice else ""))
    sys.exit(0 if all(finding.is_fine for finding in findings) else 1)


@main.command()
@KAFKA
@click.option("--seconds", type=float, help="End by itself after so many seconds.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which made-up company.")
def demo(bootstrap: str | None, seconds: float | None, seed: int) -> None:
    """Show it all at once: Kafka, gateway, two workers, a made-up company, live KPIs."""
    from streams.demo.run import run_demo

    sys.exit(run_demo(settings(), seconds, seed=seed, bootstrap=bootstrap))


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def schemas(folder: Path) -> None:
    """Write the JSON Schemas of events and records to a folder."""
    from streams.schemas import write

    write(folder)


@main.command()
@click.option("--events", type=int, default=200_000, show_default=True, help="How many.")
@click.option("--seconds", type=float, default=20, show_default=True, help="Of the latency run.")
def bench(events: int, seconds: float) -> None:
    """Measure events/s and latency of the whole way on an embedded Kafka."""
    from streams.bench import run_bench

    run_bench(events, seconds)


if __name__ == "__main__":
    main()
