"""The command `sales-kpis sources import`: a file that a CRM has exported."""

import codecs
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.invocation import KAFKA, attempt, configuration, stops_quietly
from streams.cli.sources.options import SOURCE

if TYPE_CHECKING:
    from rich.console import Console

    from streams.operations.sources.importing.file_import import Imported


@click.command("import")
@KAFKA
@SOURCE
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--label", default="", help="The account, where a source has several.")
@click.option("--kind", help="What the file has, such as deals; else its columns tell.")
@click.option("--encoding", help="Of a file without byte order mark; else as its layout says.")
@click.option("--trial", is_flag=True, help="Only say what would be rejected; send nothing.")
@stops_quietly
def import_file(
    bootstrap: str | None,
    source: str,
    file: Path,
    label: str,
    kind: str | None,
    encoding: str | None,
    trial: bool,
) -> None:
    """Import a file that a CRM has exported: CSV or JSON lines.

    Rejected rows are listed, and written beside the file for mending. An import that was
    interrupted goes on where it was; repeating one is harmless.
    """
    from rich.console import Console

    from streams.gateway.webhooks.endpoints import LABEL
    from streams.operations.ingest import SendingFailed, file_bar
    from streams.operations.sources.importing.file_import import FileImport, FileToImport
    from streams.sources.exports.rows import BadFile
    from streams.sources.loading import sources
    from streams.wiring.catalogue import catalogue, known_names

    used, rules = configuration(bootstrap=bootstrap)
    known = attempt(lambda: sources(used.sources))
    if source not in known or not known[source].files:
        importable = ", ".join(sorted(each for each in known if known[each].files))
        raise click.ClickException(f"no layout of files of {source}; known: {importable}")
    if label and not LABEL.fullmatch(label):
        raise click.BadParameter(f"{label} is no label, such as eu", param_hint="--label")
    chosen = FileToImport(file, known[source], label, kind, codec(encoding))
    console, names = Console(stderr=True), known_names(catalogue(used, rules))
    try:
        with file_bar(file, console) as on_progress:
            work = FileImport(chosen, used, names, is_trial=trial)
            done = attempt(lambda: work.run(on_progress))
    except (BadFile, SendingFailed) as error:
        raise click.ClickException(f"{file}: {error}") from error
    except OSError as error:
        raise click.ClickException(str(error)) from error
    report(done, console, is_trial=trial)
    sys.exit(1 if done.position.rejected else 0)


def codec(name: str | None) -> str | None:
    """Give the name of a codec as Python has it."""
    try:
        return None if name is None else codecs.lookup(name).name
    except LookupError as error:
        raise click.BadParameter(f"{name} is no encoding, such as cp1251 or utf-8") from error


def report(done: "Imported", console: "Console", *, is_trial: bool) -> None:
    """Print what an import did, and the rows that it rejected."""
    at = done.position
    lines = [
        f"{at.rows:,} rows of {done.kind} became {at.events:,} events, in {done.seconds:.1f} s",
        *([f"the first {done.skipped:,} rows were imported before"] if done.skipped else []),
        *([f"{at.ignored:,} rows match no rule and were left out"] if at.ignored else []),
        *(["nothing was sent: this was a trial"] if is_trial else []),
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for wrong in done.wrong:
        console.print(str(wrong), style="red", markup=False, highlight=False, soft_wrap=True)
    if at.rejected:
        console.print(
            f"{at.rejected:,} rows were rejected: mend and import {done.mending};"
            f" all reasons are in {done.reasons}",
            style="bold red",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
