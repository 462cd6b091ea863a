"""The worker's metrics as Prometheus reads them."""

from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry, generate_latest

from streams.worker.metrics import WorkerMetrics


def exposed(metrics: WorkerMetrics) -> set[str]:
    """The lines of the exposition."""
    return set(generate_latest(metrics.registry).decode().splitlines())


def test_rejections_of_one_kind_are_counted_together() -> None:
    metrics = WorkerMetrics(CollectorRegistry())
    metrics.rejected("crm.lead", "not JSON")
    metrics.rejected("crm.lead", "not JSON")
    line = 'sales_kpis_rejected_total{kind="not JSON",topic="crm.lead"} 2.0'
    assert line in exposed(metrics)


def test_gaps_are_counted_by_topic() -> None:
    metrics = WorkerMetrics(CollectorRegistry())
    metrics.gap("crm.lead", 0, 40)
    metrics.gap("crm.lead", 1, 2)
    assert 'sales_kpis_gaps_total{topic="crm.lead"} 42.0' in exposed(metrics)


def test_misplaced_events_are_counted_by_topic() -> None:
    metrics = WorkerMetrics(CollectorRegistry())
    metrics.misplaced("crm.email", 30)
    metrics.misplaced("crm.email", 2)
    assert 'sales_kpis_misplaced_total{topic="crm.email"} 32.0' in exposed(metrics)


def test_lag_of_a_revoked_partition_is_no_longer_exposed() -> None:
    metrics = WorkerMetrics(CollectorRegistry())
    metrics.lags({TopicPartition("crm.lead", 0): 5, TopicPartition("crm.lead", 1): 0})
    metrics.lags({TopicPartition("crm.lead", 1): 3})
    lags = {line for line in exposed(metrics) if line.startswith("sales_kpis_lag_records")}
    assert lags == {'sales_kpis_lag_records{partition="1",topic="crm.lead"} 3.0'}


def test_offsets_behind_an_open_transaction_are_exposed_until_it_ends() -> None:
    metrics = WorkerMetrics(CollectorRegistry())
    metrics.held_back({TopicPartition("crm.lead", 0): 5})
    assert 'sales_kpis_held_back_records{partition="0",topic="crm.lead"} 5.0' in exposed(metrics)
    metrics.held_back({})
    assert not [each for each in exposed(metrics) if each.startswith("sales_kpis_held_back_rec")]


def test_seconds_without_a_completed_assignment_are_exposed() -> None:
    metrics = WorkerMetrics(CollectorRegistry())
    metrics.rebalance(12.5)
    assert "sales_kpis_rebalance_seconds 12.5" in exposed(metrics)


def test_assigned_tasks_are_exposed_by_stage() -> None:
    metrics = WorkerMetrics(CollectorRegistry())
    metrics.assigned(["aggregate", "merge", "merge"])
    metrics.assigned(["merge"])
    assert {
        'sales_kpis_shards{stage="aggregate"} 0.0',
        'sales_kpis_shards{stage="merge"} 1.0',
    } <= exposed(metrics)


def test_events_that_wait_are_those_of_partitions_that_are_assigned() -> None:
    metrics = WorkerMetrics(CollectorRegistry())
    metrics.future_events(0, 2)
    metrics.future_events(1, 3)
    metrics.lags({TopicPartition("crm.lead", 1): 0})
    metrics.lags({TopicPartition("crm.lead", 1): 0})
    waiting = {line for line in exposed(metrics) if line.startswith("sales_kpis_future_events{")}
    assert waiting == {'sales_kpis_future_events{partition="1"} 3.0'}
