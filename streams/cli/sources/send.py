"""The command `sales-kpis sources send`."""

import sys
from pathlib import Path

import click

from streams.cli.invocation import attempt, run, settings, stops_quietly
from streams.cli.sources.options import GATEWAY, SOURCE, gateway_url


@click.command()
@SOURCE
@GATEWAY
@click.option("--label", default="", help="The account, where a source has several.")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A body of one's own instead of the sample: .json, .txt (a form) or .xml.",
)
@click.option("--header", multiple=True, metavar="NAME:VALUE", help="A further header.")
@stops_quietly
def send(
    source: str, url: str | None, label: str, file: Path | None, header: tuple[str, ...]
) -> None:
    """Sign a sample of a source as its sender would, and post it to the gateway."""
    from streams.operations.sources.send import CannotSend, post, sample, shipped_sample, signed

    used = settings()
    pairs = [each.partition(":") for each in header]
    headers = [(name.strip(), text.strip()) for name, _, text in pairs]
    try:
        chosen = sample(file) if file else shipped_sample(source)
        webhook = attempt(lambda: signed(used, source, label, chosen, headers))
        answer = run(post(webhook, gateway_url(url, used)))
    except CannotSend as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{answer.url} answered {answer.status} {answer.text}".rstrip())
    if answer.status >= 300:
        sys.exit(1)
