"""The command `sales-kpis sources replay`."""

import sys
from typing import TYPE_CHECKING

import click

from streams.cli.invocation import KAFKA, run, settings, stops_quietly, translator_of
from streams.cli.sources.options import SINCE, SOURCE, since_ms

if TYPE_CHECKING:
    from streams.operations.sources.replaying.replay import Replayed


@click.command()
@KAFKA
@SOURCE
@SINCE
@stops_quietly
def replay(bootstrap: str | None, source: str, since: int | None) -> None:
    """Translate again what the inbox still holds of a source, by the mapping files of now.

    For after a correction of a mapping file: restart `sales-kpis translate` first, so that what
    comes from then on is right. What differs from the events that there are is written, what is
    the same is not. Exit code 1 if something cannot be translated even so.
    """
    from streams.cli.progress import bar
    from streams.operations.sources.replaying.replay import replay as translate_again

    used = settings(bootstrap=bootstrap)
    translator = translator_of(used)
    if source not in translator.sources:
        known = ", ".join(sorted(translator.sources))
        raise click.ClickException(f"there is no source {source!r}; known: {known}")
    at = since_ms(since, used.clock())
    with bar(f"{source}: translating again") as on_progress:
        found = run(translate_again(used, translator, source, at, on_progress))
    print_replayed(found)
    if found.unmapped:
        sys.exit(1)


def print_replayed(found: "Replayed") -> None:
    """Print what a replay has done."""
    from streams.operations.sources.replaying.standing_events import Verdict

    events = found.events
    click.echo(
        f"{found.deliveries:,} deliveries: {events[Verdict.NEW]:,} events were missing,"
        f" {events[Verdict.CORRECTED]:,} are corrected, {events[Verdict.SAME]:,} are as they were"
    )
    if earlier := events[Verdict.EARLIER]:
        click.echo(
            f"{earlier:,} events are now dated earlier than before: what there is of them stands"
        )
    if found.reads:
        click.echo(f"{found.reads:,} records are to be read from the CRM again")
    if found.settled:
        click.echo(f"{found.settled:,} dead letters are settled")
    if found.unmapped:
        click.echo(
            f"{found.unmapped:,} items cannot be translated: `sales-kpis dead-letters list`",
            err=True,
        )
