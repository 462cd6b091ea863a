"""The command on targets."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from streams.cli.invocation import KAFKA, configuration, run, stops_quietly
from streams.config.declaration import BadSetting
from streams.config.settings import instant

LISTED = 20


@click.group()
def targets() -> None:
    """What is to be reached: set by a table."""


@targets.command("import")
@KAFKA
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--at", help="From when they hold, such as 2026-01-01T00:00:00+01:00. Default: now.")
@click.option("--dry-run", is_flag=True, help="Only check the table.")
@stops_quietly
def import_targets(bootstrap: str | None, file: Path, at: str | None, dry_run: bool) -> None:
    """Set targets by a CSV table with the columns kpi, scope, window, value and perhaps start.

    A scope is `all` or such as `rep=ann`. Where a row is wrong, none is sent.
    """
    from streams.operations.ingest import SendingFailed
    from streams.operations.targets import read_targets, send_targets
    from streams.wiring.catalogue import catalogue, known_names

    used, rules = configuration(bootstrap=bootstrap)
    try:
        if at is not None:
            instant(at, "--at")
    except BadSetting as error:
        raise click.ClickException(str(error)) from error
    now = datetime.fromtimestamp(used.clock() / 1_000, UTC).isoformat(timespec="milliseconds")
    found = read_targets(file.read_bytes(), at or now, known_names(catalogue(used, rules)))
    for problem in found.problems[:LISTED]:
        click.echo(str(problem), err=True)
    if found.problems:
        click.echo(f"{len(found.problems):,} rows are wrong; no target was sent", err=True)
        sys.exit(1)
    if not dry_run:
        try:
            run(send_targets(used, found.records))
        except SendingFailed as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{len(found.records):,} targets {'are right' if dry_run else 'sent'}")
