"""Commands that say what is there and whether it is right."""

import json
import sys

import click

from streams.cli.common import (
    KAFKA,
    attempt,
    configuration,
    print_lines,
    run,
    settings,
    settings_alone,
    stops_quietly,
)


@click.command()
@KAFKA
@click.option("--wait", is_flag=True, help="Until every event so far is in the output.")
@click.option("--timeout", type=float, default=600, show_default=True, help="Seconds to wait.")
@stops_quietly
def status(bootstrap: str | None, wait: bool, timeout: float) -> None:
    """Say how far the workers are; exit 0 if every event so far is in the output."""
    from streams.internal_topics.progress import await_settled, behind

    where = settings(bootstrap=bootstrap)
    found = run(await_settled(where, timeout) if wait else behind(where))
    if found.is_settled:
        click.echo("settled: every event so far is in sales.kpis")
        return
    for place, count in found.events.items():
        click.echo(f"{place}: {count} events to go")
    if found.partials:
        click.echo(f"kpi.partials: to be published from partitions {list(found.partials)}")
    for number in found.reroutes:
        click.echo(f"shard {number}: merged subjects' events are on their way to it")
    for name in found.reference:
        click.echo(f"{name}: has not heard of the newest reference records")
    if wait:
        click.echo(f"not settled after {timeout:g} s; is a worker running?", err=True)
    sys.exit(1)


@click.command()
@KAFKA
@stops_quietly
def verify(bootstrap: str | None) -> None:
    """Work all KPIs out again beside the workers and compare; exit 1 if one is published wrong."""
    from streams.cli.verify import print_verdict

    where, rules = configuration(bootstrap=bootstrap)
    if not attempt(lambda: print_verdict(where, rules)):
        sys.exit(1)


@click.command()
@KAFKA
@click.option("--kpi", help="Only this KPI.")
@click.option("--window", help="Only windows of this kind: day, week, last_7d, ...")
@click.option("--scope", help="`all`, or such as rep=ann.")
@click.option("--follow", is_flag=True, help="Go on with every change.")
@stops_quietly
def dump(
    bootstrap: str | None, kpi: str | None, window: str | None, scope: str | None, follow: bool
) -> None:
    """Print the latest of sales.kpis as JSON lines."""
    from streams.output.dump import dump as latest

    where = settings(bootstrap=bootstrap)
    run(print_lines(latest(where, kpi=kpi, window=window, scope=scope, follow=follow), follow))


@click.command()
@KAFKA
@click.option("--kind", help="Only alerts of this kind.")
@click.option("--rep", help="Only this rep's.")
@click.option("--follow", is_flag=True, help="Go on with every change.")
@stops_quietly
def alerts(bootstrap: str | None, kind: str | None, rep: str | None, follow: bool) -> None:
    """Print the alerts that stand as JSON lines."""
    from streams.output.alerts import alerts as standing

    where = settings(bootstrap=bootstrap)
    run(print_lines(standing(where, kind=kind, rep=rep, follow=follow), follow))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs, with settings in force.")
@click.option("--markdown", is_flag=True, help="As a page, by question.")
def catalogue(as_json: bool, markdown: bool) -> None:
    """List the KPIs: what each says, its unit, where it is told apart."""
    from streams.artifacts.kpi_page import page
    from streams.wiring.catalogue import catalogue as declared
    from streams.wiring.describe import entries, in_force

    where, rules = configuration()
    found = declared(where, rules)
    if as_json:
        content = {"settings": in_force(where, rules), "kpis": list(entries(found).values())}
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
    """Say in plain words what is wrong with broker, topics, clocks, settings and rules."""
    from rich.console import Console

    from streams.operations.doctor import examine

    settings = settings_alone(bootstrap=bootstrap)
    # A transaction that seems to have been left open is looked at again half a minute later.
    with Console(stderr=True).status("Looking, for half a minute if something is wrong"):
        findings = run(examine(settings))
    for finding in findings:
        click.secho(f"{finding.verdict:5}", nl=False, fg=finding.colour)
        click.echo(f" {finding.what}" + (f"\n      -> {finding.advice}" if finding.advice else ""))
    sys.exit(0 if all(finding.is_fine for finding in findings) else 1)
