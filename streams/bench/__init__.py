"""What the whole way costs: events a second, and how long a KPI lags behind its event."""

from streams.bench.run import run_bench

__all__ = ["run_bench"]
