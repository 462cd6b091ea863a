"""The commands that show and check the output: status, verify, dump, alerts, catalogue, doctor."""

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from streams.cli.invocation import (
    KAFKA,
    attempt,
    configuration,
    print_lines,
    run,
    settings,
    settings_without_rules,
    stops_quietly,
)

if TYPE_CHECKING:
    from streams.internal_topics.progress import Behind


@click.command()
@KAFKA
@click.option("--wait", is_flag=True, help="Wait until every event so far is in the output.")
@click.option("--timeout", type=float, default=600, show_default=True, help="Seconds to wait.")
@stops_quietly
def status(bootstrap: str | None, wait: bool, timeout: float) -> None:
    """Show the progress of the workers; exit 0 if every event so far is in the output."""
    from streams.internal_topics.progress import await_settled, behind

    used = settings(bootstrap=bootstrap)
    found = run(await_settled(used, timeout, print_held_back) if wait else behind(used))
    if not wait:
        print_held_back(found.held_back)
    for record in found.set_aside:
        click.echo(f"not written, larger than its topic accepts: {record}")
    if found.is_settled and not found.set_aside:
        click.echo("settled: every event so far is in sales.kpis")
        return
    print_missing(found)
    if wait and not found.is_settled:
        click.echo(f"not settled after {timeout:g} s; is a worker running?", err=True)
    sys.exit(1)


def print_held_back(held_back: Mapping[str, int]) -> None:
    """Print what waits for the end of a producer's transaction."""
    for partition, count in held_back.items():
        click.echo(
            f"{partition}: {count} offsets wait for the end of a producer's open transaction",
            err=True,
        )


def print_missing(found: "Behind") -> None:
    """Print where events and records wait."""
    for partition, count in found.events.items():
        click.echo(f"{partition}: {count} events to be processed")
    if found.partials:
        click.echo(f"kpi.partials: to be published from partitions {list(found.partials)}")
    for number in found.reroutes:
        click.echo(f"aggregate/{number}: events from other partitions to be processed")
    for name in found.reference:
        click.echo(f"{name}: newest reference records to be read")


@click.command()
@KAFKA
@stops_quietly
def verify(bootstrap: str | None) -> None:
    """Compute all KPIs again while the workers go on; exit 1 if a published one is wrong."""
    from streams.cli.verify import print_verdict

    used, rules = configuration(bootstrap=bootstrap)
    if not attempt(lambda: print_verdict(used, rules)):
        sys.exit(1)


@click.command()
@KAFKA
@click.option("--kpi", help="Only this KPI.")
@click.option("--window", help="Only windows of this kind: day, week, last_7d, ...")
@click.option("--scope", help="`all`, or such as rep=ann.")
@click.option("--follow", is_flag=True, help="Continue with every change.")
@stops_quietly
def dump(
    bootstrap: str | None, kpi: str | None, window: str | None, scope: str | None, follow: bool
) -> None:
    """Print the latest records of sales.kpis as JSON lines."""
    from streams.output.dump import dump as latest

    used, rules = configuration(bootstrap=bootstrap)
    found = latest(used, rules=rules, kpi=kpi, window=window, scope=scope, follow=follow)
    run(print_lines(found, follow))


@click.command()
@KAFKA
@click.option("--kind", help="Only alerts of this kind.")
@click.option("--rep", help="Only this rep's.")
@click.option("--follow", is_flag=True, help="Continue with every change.")
@stops_quietly
def alerts(bootstrap: str | None, kind: str | None, rep: str | None, follow: bool) -> None:
    """Print the current alerts as JSON lines."""
    from streams.output.alerts import alerts as current

    used = settings(bootstrap=bootstrap)
    run(print_lines(current(used, kind=kind, rep=rep, follow=follow), follow))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, with the settings in force.")
@click.option("--markdown", is_flag=True, help="As a page, by question.")
def catalogue(as_json: bool, markdown: bool) -> None:
    """List the KPIs: meaning, unit and dimensions of each."""
    from streams.artifacts.kpi_page import page
    from streams.wiring.catalogue import catalogue as declared
    from streams.wiring.describe import entries, in_force

    used, rules = configuration()
    found = declared(used, rules)
    if as_json:
        content = {"settings": in_force(used, rules), "kpis": list(entries(found).values())}
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
    elif markdown:
        click.echo(page(found), nl=False)
    else:
        for kpi in found.published:
            click.secho(f"{kpi.name}  ({kpi.kind}, {kpi.unit})", bold=True)
            click.echo(f"  by {', '.join(kpi.published_scopes)}")
            click.echo("  " + kpi.text.replace("\n", "\n  "))
            click.echo(f"  formula: {kpi.formula}\n  source: {kpi.source}\n")


@click.command()
@KAFKA
def doctor(bootstrap: str | None) -> None:
    """Check broker, topics, clocks, settings and rules; exit 1 if something is wrong."""
    from rich.console import Console

    from streams.operations.doctor import examine

    settings = settings_without_rules(bootstrap=bootstrap)
    # A transaction that seems to have been left open is checked again half a minute later.
    with Console(stderr=True).status("Checking, for half a minute if something is wrong"):
        findings = run(examine(settings))
    for finding in findings:
        click.secho(f"{finding.verdict:5}", nl=False, fg=finding.colour)
        click.echo(f" {finding.what}" + (f"\n      -> {finding.advice}" if finding.advice else ""))
    sys.exit(0 if all(finding.is_fine for finding in findings) else 1)
