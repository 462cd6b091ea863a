"""The benchmark: events per second, and the latency from an event to its KPI."""

from streams.bench.run import run_bench

__all__ = ["run_bench"]
