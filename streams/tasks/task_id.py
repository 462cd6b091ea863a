"""Which task works on which partition."""

from streams.kafka.topics import PARTIALS

TaskId = tuple[str, int]  # stage, partition


def stage_of(topic: str) -> str:
    """Name the stage that reads a topic: `aggregate` or `merge`."""
    return "merge" if topic == PARTIALS else "aggregate"
