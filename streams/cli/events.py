"""The commands on events: ingest, export, replay and dead-letters."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.invocation import (
    KAFKA,
    BadOutput,
    attempt,
    configuration,
    print_rejected,
    settings,
    stops_quietly,
)
from streams.config.declaration import BadSetting
from streams.config.settings import instant

if TYPE_CHECKING:
    from streams.events import Rejected


@click.command()
@KAFKA
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@stops_quietly
def ingest(bootstrap: str | None, file: Path) -> None:
    """Send a file of events to Kafka: one JSON object a line, any order."""
    from rich.console import Console

    from streams.operations.ingest import SendingFailed, report
    from streams.operations.ingest import ingest as send
    from streams.wiring.catalogue import catalogue, known_names

    used, rules = configuration(bootstrap=bootstrap)
    known = known_names(catalogue(used, rules))
    try:
        result = attempt(lambda: send(file, used, known=known))
    except SendingFailed as error:
        raise click.ClickException(str(error)) from error
    report(result, Console(stderr=True))
    sys.exit(result.exit_code)


@click.command()
@KAFKA
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--incomplete", is_flag=True, help="Even if Kafka has deleted some.")
@stops_quietly
def export(bootstrap: str | None, file: Path, incomplete: bool) -> None:
    """Write all events to a new file that `ingest` and `replay` read."""
    from streams.cli.transfers import export_with_progress

    used = settings(bootstrap=bootstrap)
    if not attempt(lambda: export_with_progress(used, file, incomplete=incomplete)):
        sys.exit(1)


@click.command()
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
    from streams.config.input_files import input_files
    from streams.operations.output_file import (
        CannotWrite,
        IsInput,
        output_file,
        require_no_input,
    )
    from streams.operations.replay import replay as kpi_records
    from streams.operations.replay import replay_alerts

    named = None if out is None or str(out) == "-" else out
    count = 0

    def on_rejected(line: int, rejected: "Rejected") -> None:
        nonlocal count
        count += 1
        print_rejected(line, rejected.field, rejected.reason)

    try:
        if named:
            require_no_input(named, {"FILE": file, **input_files()})
        at = instant(now, "--now") if now else None
        used, rules = configuration(now=at, timezone=timezone, currency=currency)
        output = output_file(named) if named else click.open_file("-", "wb")
        with file.open("rb") as lines, output as target:
            records = replay_alerts if alerts else kpi_records
            for record in records(lines, used, on_rejected, rules):
                target.write(record + b"\n")
    except IsInput as error:
        raise BadOutput(str(error)) from error
    except (BadSetting, CannotWrite) as error:
        raise click.ClickException(str(error)) from error
    if count:
        click.echo(f"{count} lines rejected", err=True)
        sys.exit(1)


@click.group()
def dead_letters() -> None:
    """Records that could not be read: list them, repair them, send them again."""


TOPIC = click.option("--topic", help="Only those of this source topic.")
REASON = click.option("--reason", help="Only those whose reason contains this text.")


@dead_letters.command("list")
@KAFKA
@TOPIC
@REASON
@click.option("--all", "every", is_flag=True, help="Those sent again, too.")
def list_dead_letters(
    bootstrap: str | None, topic: str | None, reason: str | None, every: bool
) -> None:
    """List those not sent again: offset, time, source, field, reason."""
    from streams.cli.dead_letters import Selection, print_list

    selection = Selection(topic=topic, reason=reason)
    attempt(lambda: print_list(settings(bootstrap=bootstrap), selection, every=every))


@dead_letters.command()
@KAFKA
@click.argument("offset", type=int)
@click.option("--raw", is_flag=True, help="The original bytes and nothing else.")
def show(bootstrap: str | None, offset: int, raw: bool) -> None:
    """Show one in full, by its offset."""
    from streams.cli.dead_letters import print_dead_letter

    attempt(lambda: print_dead_letter(settings(bootstrap=bootstrap), offset, raw=raw))


@dead_letters.command("replay")
@KAFKA
@click.argument("offsets", type=int, nargs=-1)
@TOPIC
@REASON
@click.option("--all", "every", is_flag=True, help="All that were not sent again.")
@click.option("--set", "assign", multiple=True, metavar="NAME=TEXT|NAME:=JSON", help="A field.")
@click.option("--drop", multiple=True, metavar="NAME", help="Leave a field out.")
@click.option("--value", type=click.Path(exists=True, path_type=Path), help="The whole event.")
@click.option("--dry-run", is_flag=True, help="Only show what would be sent.")
def replay_dead_letters(
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
    """Repair dead letters and send them again; exit 1 if one is still not an event."""
    from streams.cli.dead_letters import Changes, Selection, replay

    if not (offsets or topic or reason or every):
        raise click.UsageError("name offsets, --topic, --reason, or --all")
    selection, changes = Selection(offsets, topic, reason), Changes(assign, drop, value)
    used = settings(bootstrap=bootstrap)
    if not attempt(lambda: replay(used, selection, changes, dry=dry_run)):
        sys.exit(1)
