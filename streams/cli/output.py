"""The commands that show and check the output: verify, dump, alerts, catalogue, doctor."""

import json
import sys

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
