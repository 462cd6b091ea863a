"""The command `sales-kpis sources check`."""

import sys

import click

from streams.cli.invocation import settings_without_rules, stops_quietly
from streams.config.declaration import BadSetting


@click.command()
@stops_quietly
def check() -> None:
    """Check all mapping files; exit 1 if one has a mistake, each with its line and column."""
    from streams.sources.loading import sources

    used = settings_without_rules()
    try:
        known = sources(used.sources)
        rules = sum(len(source.events) for source in known.values())
    except BadSetting as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo(f"{len(known)} sources with {rules} rules, no mistake")
