"""The command `sales-kpis`.

Commands import their modules when they run: `--help` and `replay` load no Kafka client.
"""

import click

from streams.cli import (
    bench,
    demo,
    events,
    history,
    notify,
    output,
    page,
    run,
    sources,
    status,
    targets,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sales-kpi-streams")
def main() -> None:
    """Exact sales KPIs from CRM events, live.

    Settings come from the environment (SALES_KPIS_BOOTSTRAP, SALES_KPIS_TIMEZONE, ...); `doctor`
    lists them and reports problems.
    """


for command in (
    *(run.broker, run.topics, run.worker, run.gateway, run.translate),
    *(status.status, output.verify, output.dump, output.alerts, output.catalogue),
    *(events.ingest, events.export, events.replay, events.dead_letters),
    *(output.doctor, demo.demo, demo.schemas, bench.bench),
    *(sources.sources, targets.targets, history.history, notify.notify, page.page),
):
    main.add_command(command)
