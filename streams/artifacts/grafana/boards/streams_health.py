"""The dashboard *Streams' health*, from their processes' own metrics."""

from collections.abc import Iterator

from streams.artifacts.grafana import links, variables
from streams.artifacts.grafana.panels import Dashboard, Panel, Query, Section
from streams.output.prometheus.collector import LABELS_DROPPED, UPDATED, VALUES_DROPPED

RATE = "[$__rate_interval]"


def streams_health() -> Dashboard:
    """Return the dashboard of workers, gateway and sources."""
    return Dashboard(
        "Sales: Streams' health",
        links.STREAMS,
        "Whether the numbers are complete and fresh: what comes in, what is refused, and how far"
        " behind the workers are.",
        [variables.source()],
        [
            Section("Are the numbers complete?", list(input_panels())),
            Section("Are they fresh?", [*output_panels(), *progress_panels()]),
            Section("Does the gateway accept?", list(gateway_panels())),
            Section("Do the CRMs deliver?", [*webhook_panels(), *translation_panels()]),
            Section("Does it reach people?", [*reader_panels(), *page_panels()]),
        ],
        links.besides(links.STREAMS),
    )


def input_panels() -> Iterator[Panel]:
    """Yield the panels of events that are processed or refused."""
    yield Panel(
        "Events",
        "timeseries",
        "cps",
        [Query(f"sum by (topic) (rate(sales_kpis_events_total{RATE}))", "{{topic}}")],
        "Events processed, by topic.",
        empty="no worker seen",
    )
    yield Panel(
        "Refused, late, missing",
        "timeseries",
        "short",
        [
            Query(f"sum by (topic, kind) ({increase('rejected')})", "refused: {{topic}}, {{kind}}"),
            Query(f"sum by (topic) ({increase('late')})", "late: {{topic}}"),
            Query(f"sum by (topic) ({increase('gaps')})", "missing: {{topic}}"),
        ],
        "Records in the dead letters, events older than the lateness, offsets that were gone.",
        limit=1,
        empty="none",
    )


def gateway_panels() -> Iterator[Panel]:
    """Yield the panels of the gateway."""
    yield Panel(
        "At the gateway",
        "timeseries",
        "short",
        [
            Query(f"sum by (topic) ({increase('gateway_events_accepted')})", "{{topic}}"),
            Query(f"sum by (kind) ({increase('gateway_refusals')})", "refused: {{kind}}"),
        ],
        "Events accepted over HTTP, and requests rejected with the reason.",
        empty="no gateway seen",
    )
    yield Panel(
        "Connections at the gateway",
        "timeseries",
        "short",
        [
            Query("sum by (instance) (sales_kpis_gateway_connections)", "open at {{instance}}"),
            Query(
                f"sum by (reason) ({increase('gateway_connections_refused')})", "closed: {{reason}}"
            ),
        ],
        "Open connections, and those refused or closed with the reason.",
        empty="no gateway seen",
    )


def webhook_panels() -> Iterator[Panel]:
    """Yield the panels of webhooks."""
    yield Panel(
        "Webhooks",
        "timeseries",
        "short",
        [
            Query(
                f"sum by (source, outcome) ({increase('gateway_webhooks')})",
                "{{source}}: {{outcome}}",
            )
        ],
        "Requests of CRMs: accepted ones are in the inbox; limited and later were asked to come"
        " again.",
        empty="no source is set up",
    )
    yield Panel(
        "Last webhook",
        "stat",
        "s",
        [
            Query(
                "time() - max by (source) (sales_kpis_gateway_webhook_last_timestamp_seconds > 0)",
                "{{source}}",
            )
        ],
        "How long ago the last delivery of each source came, since the gateways were started.",
        width=3,
        empty="none yet",
    )
    yield Panel(
        "To be read again",
        "stat",
        "short",
        [Query(f"sum by (source) ({increase('gateway_webhooks_at_risk')})", "{{source}}")],
        "Requests that were not kept, of sources that do not repeat them for long: the gateway's"
        " log says since when to read them.",
        width=3,
        limit=1,
        empty="none",
    )


def translation_panels() -> Iterator[Panel]:
    """Yield the panels of webhooks on their way to events, and of records read from CRMs."""
    yield Panel(
        "Waiting to be translated",
        "timeseries",
        "short",
        [
            Query("sum(sales_kpis_inbox_lag_records)", "webhooks"),
            Query("sum by (source) (sales_kpis_record_reads_waiting)", "to be read: {{source}}"),
        ],
        "Webhooks that are in the inbox and not yet events, and records that webhooks have named"
        " and that are not read yet.",
        empty="no translator seen",
    )
    yield Panel(
        "Not translated",
        "timeseries",
        "short",
        [
            Query(f"sum by (source) ({increase('unmapped_items')})", "no mapping: {{source}}"),
            Query(f"sum({increase('inbox_deleted')})", "deleted unread"),
        ],
        "Items that went to the dead letters because they could not be translated, and webhooks"
        " that Kafka deleted before they were.",
        limit=1,
        empty="none",
    )


def progress_panels() -> Iterator[Panel]:
    """Yield the panels of the workers' progress."""
    yield Panel(
        "Behind",
        "timeseries",
        "short",
        [Query("sum by (topic) (max by (topic, partition) (sales_kpis_lag_records))", "{{topic}}")],
        "Records that are in Kafka and not yet in the KPIs, by topic.",
        empty="no worker seen",
    )
    yield Panel(
        "Shards",
        "timeseries",
        "short",
        [Query("sum by (stage, instance) (sales_kpis_shards)", "{{stage}} on {{instance}}")],
        "Number of tasks of each worker.",
        empty="no worker seen",
    )
    yield Panel(
        "Commits",
        "timeseries",
        "s",
        [
            Query(
                quantile(q, "sales_kpis_commit_seconds", "stage"), f"p{q * 100:.0f} {{{{stage}}}}"
            )
            for q in (0.5, 0.99)
        ],
        "Duration of transactions.",
        empty="no commit lately",
    )


def output_panels() -> Iterator[Panel]:
    """Yield the panels of published records."""
    yield Panel(
        "Published",
        "timeseries",
        "cps",
        [Query(f"sum(rate(sales_kpis_published_total{RATE}))", "records")],
        "Records written to sales.kpis.",
        empty="no worker seen",
    )
    yield Panel(
        "Newest record",
        "stat",
        "s",
        [Query(f"time() - max({UPDATED})", "age")],
        "Age of the newest KPI record: with incoming events, a second or two.",
        width=3,
        empty="no record yet",
    )
    yield Panel(
        "Not shown",
        "stat",
        "short",
        [
            Query(
                f"sum by (kpi, dimension) (max by (kpi, dimension) ({VALUES_DROPPED}))",
                "{{kpi}} by {{dimension}}",
            ),
            Query(
                f"sum by (kpi, dimension) (max by (kpi, dimension) ({LABELS_DROPPED}))",
                "labels of {{kpi}} by {{dimension}}",
            ),
        ],
        "Values and labels without gauges, because there are too many; sales.kpis has them all.",
        width=3,
        limit=1,
        empty="none",
    )


def reader_panels() -> Iterator[Panel]:
    """Yield the panels of notify and history, which read the output."""
    yield Panel(
        "Messages",
        "timeseries",
        "short",
        [
            Query(
                f"sum by (route, result) ({increase('notify_attempts')})", "{{route}}: {{result}}"
            ),
            Query("max by (route) (sales_kpis_notify_pending)", "waiting: {{route}}"),
        ],
        "Attempts to send a message by what came of them, and alerts and reports that wait: for"
        " their digest, for the end of quiet hours, or for an answer.",
        empty="nobody notifies",
    )
    yield Panel(
        "Kept in the history",
        "timeseries",
        "cps",
        [
            Query(f"sum by (topic) (rate(sales_kpis_history_records_total{RATE}))", "{{topic}}"),
            Query("max(sales_kpis_history_unavailable)", "database away"),
        ],
        "Records written to the history, and 1 while its database cannot be reached.",
        empty="no history is kept",
    )


def page_panels() -> Iterator[Panel]:
    """Yield the panels of the page."""
    yield Panel(
        "At the page",
        "timeseries",
        "short",
        [
            Query("sum by (instance) (sales_kpis_page_streams)", "looking at {{instance}}"),
            Query(f"sum by (status) ({increase('page_requests')})", "answered {{status}}"),
        ],
        "Open pages and programs that follow the changes, and answers by their status.",
        empty="no page seen",
    )
    yield Panel(
        "Page behind",
        "stat",
        "s",
        [
            Query(
                f"max({UPDATED}) -"
                ' min(sales_kpis_page_last_change_timestamp_seconds{topic="sales.kpis"})',
                "age",
            )
        ],
        "How much older the page's newest KPI record is than the newest one there is.",
        width=3,
        empty="no page seen",
    )


def increase(name: str) -> str:
    """Return the query of the increase of one of the streams' counters."""
    return f"increase(sales_kpis_{name}_total{RATE})"


def quantile(q: float, name: str, label: str) -> str:
    """Return the query of a quantile of a histogram, by one of its labels."""
    return f"histogram_quantile({q}, sum by (le, {label}) (rate({name}_bucket{RATE})))"
