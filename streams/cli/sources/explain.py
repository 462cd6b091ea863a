"""The command `sales-kpis sources explain`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.invocation import attempt, settings_without_rules, stops_quietly

if TYPE_CHECKING:
    from rich.console import Console

    from streams.operations.sources.explain import Explanation, ItemReport, RuleReport


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", "name", required=True, help="Whose request the file holds.")
@click.option("--label", default="", help="The account, where a source has several.")
@click.option("--header", multiple=True, metavar="NAME:VALUE", help="A header of the request.")
@click.option("--query", multiple=True, metavar="NAME=VALUE", help="A parameter of the address.")
@click.option("--all", "every", is_flag=True, help="Rules that do not match, too.")
@stops_quietly
def explain(
    file: Path,
    name: str,
    label: str,
    header: tuple[str, ...],
    query: tuple[str, ...],
    every: bool,
) -> None:
    """Show what the body of a request becomes, field by field; exit 1 for a dead letter."""
    from rich.console import Console

    from streams.operations.sources.explain import explain as explanation
    from streams.sources.delivery import Delivery
    from streams.sources.loading import sources

    used = settings_without_rules()
    known = attempt(lambda: sources(used.sources))
    if name not in known:
        raise click.BadParameter(f"no source {name}; there are {', '.join(known)}")
    delivery = Delivery(
        source=name,
        label=label,
        query=dict(_pair(each, "=") for each in query),
        headers={key.lower(): value for key, value in (_pair(each, ":") for each in header)},
        body=file.read_bytes(),
        received=used.clock(),
    )
    found = explanation(known[name], delivery, used.secret)
    print_explanation(found, Console(highlight=False), every=every)
    if found.is_wrong:
        sys.exit(1)


def print_explanation(found: "Explanation", console: "Console", *, every: bool) -> None:
    """Print the items with the rules that match them, or with all rules."""
    if found.problem:
        console.print(f"the whole body would be a dead letter: {found.problem}", markup=False)
    for item in found.items:
        _print_item(item, console, every=every)


def _pair(text: str, mark: str) -> tuple[str, str]:
    name, _, value = text.partition(mark)
    return name.strip(), value.strip()


def _print_item(item: "ItemReport", console: "Console", *, every: bool) -> None:
    console.rule(f"item {item.number}", align="left")
    console.print(item.item, markup=False)
    matched = [rule for rule in item.rules if rule.is_matched]
    for rule in matched:
        _print_matched(rule, console)
    if not matched:
        console.print("[bold]no rule matches: ignored[/bold]")
    others = [rule for rule in item.rules if not rule.is_matched]
    if matched and others and not every:
        console.print(f"{len(others)} other rules do not match; --all shows why")
    else:
        for rule in others:
            text = f"{rule.name} ({rule.makes}) does not match: {rule.condition}"
            console.print(text, markup=False, style="dim")


def _print_matched(rule: "RuleReport", console: "Console") -> None:
    from rich.table import Table
    from rich.text import Text

    console.print(f"{rule.name} ({rule.makes}) matches: {rule.condition}", markup=False)
    table = Table(box=None, pad_edge=False)
    for name in ("field", "from", "sent", "becomes"):
        table.add_column(name, overflow="fold")
    for field in rule.fields:
        style = "bold red" if field.is_wrong else ""
        becomes = Text(field.becomes, style=style)
        table.add_row(Text(field.name), Text(field.written), Text(field.sent), becomes)
    console.print(table)
    if rule.problem:
        console.print(f"a dead letter: {rule.problem}", markup=False, style="bold red")
    for made in rule.made:
        console.print(made, markup=False, style="green", soft_wrap=True)
