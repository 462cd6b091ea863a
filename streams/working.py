"""A worker with all that stands beside its agents: metrics of the engine and of the KPIs."""

from streams.agents.worker import run_worker as run_agents
from streams.settings import Settings


def run_worker(settings: Settings, host: str, metrics_port: int | None) -> None:  # noqa: ARG001
    """Run one worker in this process until it is told to stop."""
    run_agents(settings, metrics_port)
