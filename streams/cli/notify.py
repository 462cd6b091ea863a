"""The command that sends alerts and reports to people."""

import click

from streams.cli.invocation import HOST, KAFKA, configuration, run
from streams.cli.run import METRICS_PORT, supervised


@click.command()
@KAFKA
@HOST
@METRICS_PORT
@click.option("--supervise", is_flag=True, help="Start it again whenever it ends.")
@click.option(
    "--test", "sample", metavar="ROUTE", help="Send a sample to this route or report, end."
)
@click.option("--rep", help="With --test of what reps get: whose address gets it.")
def notify(
    bootstrap: str | None,
    host: str,
    metrics_port: int | None,
    supervise: bool,
    sample: str | None,
    rep: str | None,
) -> None:
    """Send alerts and reports to Slack, e-mail and webhooks, by [notify] of the rules file.

    One process notifies: a second one takes over from the first, which ends.
    """
    used, rules = configuration(bootstrap=bootstrap, metrics_port=metrics_port)
    if sample is not None:
        from streams.notify.receivers.outcome import Accepted
        from streams.operations.notify.sample import send_sample

        outcomes = run(send_sample(rules.notify, sample, rep))
        for recipient, outcome in outcomes:
            result = "accepted" if isinstance(outcome, Accepted) else outcome.reason
            click.echo(f"{recipient}: {result}")
        if not all(isinstance(outcome, Accepted) for _, outcome in outcomes):
            raise click.exceptions.Exit(1)
        return
    if rep is not None:
        raise click.UsageError("--rep is for --test")
    if supervise:
        supervised("notify", used, host, 1)
    from streams.operations.notify.run import run_notify

    run(run_notify(used, rules, host))
