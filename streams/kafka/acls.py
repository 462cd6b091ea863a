"""The least rights each role needs on a Kafka that has an authorizer."""

from collections.abc import Iterator
from dataclasses import dataclass

from streams.config.settings import Settings
from streams.events import REFERENCE_TOPICS, SOURCE_TOPICS
from streams.kafka import topics

ROLES = ("apply", "worker", "gateway", "reader")


@dataclass(frozen=True, slots=True)
class Acl:
    """What one role may do with one resource (`topic`, `group`, `transactional-id`, `cluster`)."""

    role: str
    resource: str
    name: str
    operations: tuple[str, ...]
    is_prefix: bool = False

    def command(self, principal: str) -> str:
        """Write it as an argument list for `kafka-acls.sh`."""
        named = "--cluster" if self.resource == "cluster" else f"--{self.resource} '{self.name}'"
        pattern = " --resource-pattern-type prefixed" if self.is_prefix else ""
        allowed = " ".join(f"--operation {operation}" for operation in self.operations)
        return f"--add --allow-principal '{principal}' {allowed} {named}{pattern}"


def acls(settings: Settings) -> Iterator[Acl]:
    """Give every right of every role; `apply` is who makes the topics, once."""
    every = [topic.name for topic in topics.wanted(settings)]
    inputs = {*SOURCE_TOPICS, *REFERENCE_TOPICS}
    for name in every:
        yield Acl("apply", "topic", name, ("Create", "Describe"))
    for name in every:
        # What it writes it reads again when it takes a shard.
        written = () if name in inputs else ("Write",)
        yield Acl("worker", "topic", name, ("Read", "Describe", *written))
    yield Acl("worker", "group", settings.app, ("Read",))
    yield Acl(
        "worker", "transactional-id", f"{settings.app}-", ("Write", "Describe"), is_prefix=True
    )
    for name in sorted(inputs):
        yield Acl("gateway", "topic", name, ("Write", "Describe"))
    for name in topics.OUTPUTS:
        yield Acl("reader", "topic", name, ("Read", "Describe"))
