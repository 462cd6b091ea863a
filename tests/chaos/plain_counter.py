"""Calls by rep in a stock Faust table, as Faust's guide would: BOOTSTRAP GUARANTEE DATADIR."""

import sys
from typing import Any

import faust
import orjson

TOPIC = "crm.call"
PARTITIONS = 4
SESSION_SECONDS = 6.0
HEARTBEAT_SECONDS = 1.5


def group(guarantee: str) -> str:
    """Name the consumer group, which is the app."""
    return f"plain-{guarantee.replace('_', '-')}"


def changelog(guarantee: str) -> str:
    """Name the topic in which Faust keeps the table."""
    return f"{group(guarantee)}-call_count-changelog"


def make_app(bootstrap: str, guarantee: str, datadir: str) -> Any:
    """Make the app; only what makes a killed worker be missed sooner is not Faust's default."""
    app = faust.App(
        group(guarantee),
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=datadir,
        processing_guarantee=guarantee,
        topic_partitions=PARTITIONS,
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        topic_disable_leader=True,
        web_enabled=False,
    )
    calls = app.topic(TOPIC, value_type=bytes, value_serializer="raw")
    call_count = app.Table("call_count", default=int, partitions=PARTITIONS)

    @app.agent(calls)
    async def count(stream: Any) -> None:
        async for value in stream:
            call_count[orjson.loads(value)["rep"]] += 1

    return app


if __name__ == "__main__":
    made = make_app(*sys.argv[1:])
    made.worker_init()
    faust.Worker(made, loglevel="warning", quiet=True).execute_from_commandline()
