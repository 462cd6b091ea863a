"""The dashboard's panels about the streams themselves: from a worker's own metrics."""

from collections.abc import Iterator

from streams.artifacts.grafana.panels import Panel, Query
from streams.output.prometheus.collector import UPDATED, VALUES_DROPPED

RATE = "[$__rate_interval]"


def health() -> Iterator[Panel]:
    """Give the panels from left to right."""
    yield from coming_in()
    yield from keeping_up()
    yield from going_out()


def coming_in() -> Iterator[Panel]:
    """Give the panels about what comes in."""
    yield Panel(
        "Events",
        "timeseries",
        "cps",
        [Query(f"sum by (topic) (rate(sales_kpis_events_total{RATE}))", "{{topic}}")],
        "Events put into rows, by topic.",
        empty="no worker seen",
    )
    yield Panel(
        "At the gateway",
        "timeseries",
        "short",
        [
            Query(f"sum by (topic) ({increase('gateway_events_accepted')})", "{{topic}}"),
            Query(f"sum by (kind) ({increase('gateway_refusals')})", "refused: {{kind}}"),
        ],
        "Events that came over HTTP, and requests refused with the reason.",
        empty="no gateway seen",
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


def keeping_up() -> Iterator[Panel]:
    """Give the panels about how the workers keep up."""
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
        "How many shards each worker holds.",
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
        "How long a transaction takes.",
        empty="no commit lately",
    )


def going_out() -> Iterator[Panel]:
    """Give the panels about what goes out."""
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
        "How long ago the newest KPI record was written: with events coming in, a second or two.",
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
            )
        ],
        "Members without gauges, for there are too many of them; sales.kpis has them all.",
        width=3,
        limit=1,
        empty="none",
    )


def increase(name: str) -> str:
    """Ask how much one of the streams' counters grew."""
    return f"increase(sales_kpis_{name}_total{RATE})"


def quantile(q: float, name: str, label: str) -> str:
    """Ask for a quantile of a histogram, by one of its labels."""
    return f"histogram_quantile({q}, sum by (le, {label}) (rate({name}_bucket{RATE})))"
