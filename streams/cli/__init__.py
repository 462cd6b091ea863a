"""The command `sales-kpis`.

Commands import what they need when they run: `--help` and `replay` start no Kafka client.
"""

import click

from streams.cli import feeding, looking, serving, showing


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sales-kpi-streams")
def main() -> None:
    """Exact sales KPIs from CRM events, live.

    Settings come from the environment (SALES_KPIS_BOOTSTRAP, SALES_KPIS_TIMEZONE, ...); `doctor`
    lists them and says what is wrong.
    """


for command in (
    *(serving.broker, serving.topics, serving.worker, serving.gateway),
    *(looking.status, looking.verify, looking.dump, looking.alerts, looking.catalogue),
    *(feeding.ingest, feeding.export, feeding.replay, feeding.dead_letters),
    *(looking.doctor, showing.demo, showing.schemas, showing.bench),
):
    main.add_command(command)
