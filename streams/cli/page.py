"""The command that serves the page."""

import click

from streams.cli.invocation import HOST, KAFKA, attempt, configuration
from streams.cli.run import METRICS_PORT


@click.command()
@KAFKA
@HOST
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="Where it listens; 0: any free one. Default: SALES_KPIS_PAGE_PORT.",
)
@METRICS_PORT
def page(bootstrap: str | None, host: str, port: int | None, metrics_port: int | None) -> None:
    """Serve the page with its API and its stream of changes.

    Who may look is in the rules file; without rules it is for this machine alone.
    """
    from streams.page.server import run_page

    used, rules = configuration(bootstrap=bootstrap, page_port=port, metrics_port=metrics_port)
    attempt(lambda: run_page(used, rules.page, host))
