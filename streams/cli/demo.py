"""The commands demo and schemas."""

import sys
from pathlib import Path

import click

from streams.cli.invocation import KAFKA, configuration, require_java


@click.command()
@KAFKA
@click.option("--seconds", type=float, help="End after this many seconds of live traffic.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Seed of the simulated company."
)
@click.option(
    "--days",
    type=click.IntRange(1, 400),
    default=21,
    show_default=True,
    help="Days of history that the company has.",
)
@click.option("--browser", is_flag=True, help="Open the page in a browser.")
def demo(bootstrap: str | None, seconds: float | None, seed: int, days: int, browser: bool) -> None:
    """Run Kafka, gateway, two workers, the page and a simulated company, and show live KPIs."""
    require_java()
    from streams.demo.run import run_demo
    from streams.demo.stage import Script

    sys.exit(
        run_demo(
            *configuration(),
            Script(seconds, seed, days),
            bootstrap=bootstrap,
            in_browser=browser,
        )
    )


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def schemas(folder: Path) -> None:
    """Write the JSON Schemas of events and records to a folder."""
    from streams.artifacts.schema_folder import write
    from streams.operations.output_file import CannotWrite

    try:
        write(folder)
    except CannotWrite as error:
        raise click.ClickException(str(error)) from error
