"""The benchmark: events per second, and the latency from an event to its KPI."""

from streams.bench.gateway_load import run_gateway_load
from streams.bench.run import run_bench, run_bench_of_webhooks

__all__ = ["run_bench", "run_bench_of_webhooks", "run_gateway_load"]
