"""What each panel of the streams' health has to answer to series that are known, by hand.

Series are sampled every 15 seconds for 5 minutes from the epoch on; a rate interval is a minute.
A series that grows by 15 each time grows by 1 a second, and by 60 in an interval.
"""

from dataclasses import dataclass

GROWS = "0+15x20"
Answer = dict[str, float]


@dataclass(frozen=True)
class Answered:
    """A query's series with their values, and what it answers by labels as PromQL writes them."""

    series: dict[str, str]
    answer: Answer


def two(name: str, *labels: str, values: str = GROWS, number: float = 60) -> Answered:
    """The same series of two processes, which are added up by its other labels."""
    pairs = ",".join(f'{label}="x"' for label in labels)
    both = ",".join(filter(None, [pairs, 'instance="{}"']))
    series = {f"sales_kpis_{name}{{{both.format(process)}}}": values for process in ("a", "b")}
    return Answered(series, {f"{{{pairs}}}": 2 * number})


def dropped(name: str) -> Answered:
    """The same number from two workers, which is that of all."""
    labels = 'dimension="rep",kpi="calls"'
    series = {
        f'sales_kpi_{name}_dropped{{{labels},instance="a"}}': "7x20",
        f'sales_kpi_{name}_dropped{{{labels},instance="b"}}': "7x20",
    }
    return Answered(series, {f"{{{labels}}}": 7})


def commits(quantile: float) -> Answered:
    """Commits that all take up to a second, of two workers."""
    buckets = {
        f'sales_kpis_commit_seconds_bucket{{stage="merge",le="{le}",instance="{process}"}}': GROWS
        for le in ("1", "+Inf")
        for process in ("a", "b")
    }
    return Answered(buckets, {'{stage="merge"}': quantile})


EXPECTED: dict[tuple[str, str], list[Answered]] = {
    ("overview.json", "Alerts now"): [
        Answered(
            {
                'sales_kpis_alerts{kind="churn_risk",instance="a"}': "3x20",
                'sales_kpis_alerts{kind="churn_risk",instance="b"}': "3x20",
                'sales_kpis_alerts{kind="reorder_due",instance="a"}': "0x20",
            },
            {'{kind="churn_risk"}': 3},
        )
    ],
    ("streams.json", "Events"): [two("events_total", "topic", number=1)],
    ("streams.json", "Refused, late, missing"): [
        two("rejected_total", "kind", "topic"),
        two("late_total", "topic"),
        two("gaps_total", "topic"),
    ],
    ("streams.json", "Published"): [two("published_total", number=1)],
    ("streams.json", "Newest record"): [
        Answered(
            {
                'sales_kpi_last_update_timestamp_seconds{instance="a"}': "290x20",
                'sales_kpi_last_update_timestamp_seconds{instance="b"}': "298x20",
            },
            {"{}": 2},
        )
    ],
    ("streams.json", "Not shown"): [dropped("values"), dropped("labels")],
    ("streams.json", "Behind"): [
        Answered(
            {
                # While a partition goes from one worker to another, both may show it.
                'sales_kpis_lag_records{topic="crm.lead",partition="0",instance="a"}': "3x20",
                'sales_kpis_lag_records{topic="crm.lead",partition="0",instance="b"}': "5x20",
                'sales_kpis_lag_records{topic="crm.lead",partition="1",instance="b"}': "10x20",
            },
            {'{topic="crm.lead"}': 15},
        )
    ],
    ("streams.json", "Shards"): [
        Answered(
            {'sales_kpis_shards{stage="merge",instance="a"}': "4x20"},
            {'{instance="a",stage="merge"}': 4},
        )
    ],
    ("streams.json", "Commits"): [commits(0.5), commits(0.99)],
    ("streams.json", "At the gateway"): [
        two("gateway_events_accepted_total", "topic"),
        two("gateway_refusals_total", "kind"),
    ],
    ("streams.json", "Connections at the gateway"): [
        Answered({'sales_kpis_gateway_connections{instance="g"}': "12x20"}, {'{instance="g"}': 12}),
        two("gateway_connections_refused_total", "reason"),
    ],
    ("streams.json", "Webhooks"): [two("gateway_webhooks_total", "outcome", "source")],
    ("streams.json", "Last webhook"): [
        Answered(
            {
                'sales_kpis_gateway_webhook_last_timestamp_seconds{source="odoo",instance="a"}': (
                    "250x20"
                ),
                'sales_kpis_gateway_webhook_last_timestamp_seconds{source="odoo",instance="b"}': (
                    "270x20"
                ),
                # None has come since this gateway was started.
                'sales_kpis_gateway_webhook_last_timestamp_seconds{source="zoho",instance="b"}': (
                    "0x20"
                ),
            },
            {'{source="odoo"}': 30},
        )
    ],
    ("streams.json", "To be read again"): [two("gateway_webhooks_at_risk_total", "source")],
    ("streams.json", "Waiting to be translated"): [
        Answered(
            {
                'sales_kpis_inbox_lag_records{partition="0",instance="a"}': "4x20",
                'sales_kpis_inbox_lag_records{partition="1",instance="b"}': "6x20",
            },
            {"{}": 10},
        ),
        Answered(
            {'sales_kpis_record_reads_waiting{source="odoo",instance="a"}': "8x20"},
            {'{source="odoo"}': 8},
        ),
    ],
    ("streams.json", "Not translated"): [
        two("unmapped_items_total", "source"),
        two("inbox_deleted_total"),
    ],
    ("streams.json", "Messages"): [
        two("notify_attempts_total", "result", "route"),
        Answered(
            {'sales_kpis_notify_pending{route="chat",instance="n"}': "6x20"}, {'{route="chat"}': 6}
        ),
    ],
    ("streams.json", "Kept in the history"): [
        two("history_records_total", "topic", number=1),
        Answered({'sales_kpis_history_unavailable{instance="h"}': "1x20"}, {"{}": 1}),
    ],
    ("streams.json", "At the page"): [
        Answered({'sales_kpis_page_streams{instance="p"}': "9x20"}, {'{instance="p"}': 9}),
        two("page_requests_total", "status"),
    ],
    ("streams.json", "Page behind"): [
        Answered(
            {
                'sales_kpi_last_update_timestamp_seconds{instance="a"}': "298x20",
                'sales_kpis_page_last_change_timestamp_seconds{topic="sales.kpis"}': "291x20",
                'sales_kpis_page_last_change_timestamp_seconds{topic="sales.alerts"}': "9x20",
            },
            {"{}": 7},
        )
    ],
}
