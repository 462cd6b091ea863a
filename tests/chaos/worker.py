"""A worker that reaches Kafka through the harness: `python -m tests.chaos.worker PORT [MUTANT]`."""

import sys
from typing import Any

import aiokafka.client

from streams.config.rules import read
from streams.config.settings import Settings
from streams.operations.worker import run_worker
from tests.chaos.mutants import MUTANTS


def go_through(port: int) -> None:
    """Connect to this port whenever the client means the broker's own."""
    connect = aiokafka.client.create_conn

    async def create_conn(host: str, _: int, *rest: Any, **named: Any) -> Any:
        return await connect(host, port, *rest, **named)

    aiokafka.client.create_conn = create_conn


if __name__ == "__main__":
    go_through(int(sys.argv[1]))
    for name in sys.argv[2:]:
        MUTANTS[name].become()
    settings = Settings.from_environment()
    run_worker(settings, read(settings.rules), "127.0.0.1")
