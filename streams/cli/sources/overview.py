"""The command `sales-kpis sources`: the group, and by itself the overview."""

import json
from dataclasses import asdict

import click

from streams.cli.invocation import KAFKA, run, settings
from streams.cli.sources.options import GATEWAY, gateway_url


@click.group(invoke_without_command=True)
@click.pass_context
@KAFKA
@GATEWAY
@click.option("--all", "every", is_flag=True, help="Those that are off too.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def sources(
    context: click.Context, bootstrap: str | None, url: str | None, every: bool, as_json: bool
) -> None:
    """The systems that events come from: which are on, their addresses, what came of them.

    Without a command, a line for each source that is on.
    """
    if context.invoked_subcommand is not None:
        return
    from streams.cli.sources.table import print_overview
    from streams.operations.sources.overview import overview

    used = settings(bootstrap=bootstrap)
    found = run(overview(used, gateway_url(url, used), every=every or as_json))
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False))
    else:
        print_overview(found, every=every)
