"""One KPI in plain Faust: calls by rep in a Faust table, one event at a time.

Run as a program, `python -m streams.bench.parts.plain BOOTSTRAP GROUP DATADIR`: what the benchmark
compares with.
"""

import sys
from typing import Any

import faust
import orjson

TOPIC = "crm.call"
TABLE = "call_count"
PARTITIONS = 4


def make_app(bootstrap: str, group: str, datadir: str) -> Any:
    """Make the app as Faust's own guide does."""
    app = faust.App(
        group,
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=datadir,
        topic_partitions=PARTITIONS,
        topic_disable_leader=True,
        web_enabled=False,
    )
    calls = app.topic(TOPIC, value_type=bytes, value_serializer="raw")
    call_count = app.Table(TABLE, default=int, partitions=PARTITIONS)

    @app.agent(calls)
    async def count(stream: Any) -> None:
        async for value in stream:
            event = orjson.loads(value)
            if event["direction"] == "outbound":
                call_count[event["rep"]] += 1

    return app


def main() -> None:
    """Run a worker until it is stopped."""
    app = make_app(*sys.argv[1:4])
    app.worker_init()
    faust.Worker(app, loglevel="error", quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main()
