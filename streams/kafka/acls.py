"""The minimal ACLs of each role on a Kafka that has an authorizer."""

from collections.abc import Iterator
from dataclasses import dataclass

from streams.config.settings import Settings
from streams.events import REFERENCE_TOPICS, SOURCE_TOPICS, RepSet, TargetSet
from streams.kafka import topics

ROLES = ("apply", "worker", "gateway", "translate", "notify", "reader", "page", "operator")


@dataclass(frozen=True, slots=True)
class Acl:
    """Operations of one role on one resource: `topic`, `group`, `transactional-id`, `cluster`."""

    role: str
    resource: str
    name: str
    operations: tuple[str, ...]
    is_prefix: bool = False

    def command(self, principal: str) -> str:
        """Return the arguments for `kafka-acls.sh`."""
        resource = "--cluster" if self.resource == "cluster" else f"--{self.resource} '{self.name}'"
        pattern = " --resource-pattern-type prefixed" if self.is_prefix else ""
        allowed = " ".join(f"--operation {operation}" for operation in self.operations)
        return f"--add --allow-principal '{principal}' {allowed} {resource}{pattern}"


def acls(settings: Settings) -> Iterator[Acl]:
    """Yield every ACL of every role; `apply` is the role that creates the topics."""
    names = [topic.name for topic in topics.wanted(settings)]
    inputs = {*SOURCE_TOPICS, *REFERENCE_TOPICS}
    for name in names:
        yield Acl("apply", "topic", name, ("Create", "Describe"))
    yield from _worker(settings, names)
    for name in (*sorted(inputs), topics.INBOX):
        yield Acl("gateway", "topic", name, ("Write", "Describe"))
    yield from _translate(settings)
    yield from _notify(settings, names)
    # What `doctor`, `status`, `verify`, `export` and `dead-letters` do; the last one sends events.
    for name in names:
        yield Acl("operator", "topic", name, ("Read", "Describe", "DescribeConfigs"))
    for name in sorted({*inputs, topics.DEAD_LETTERS, topics.reads(settings)}):
        yield Acl("operator", "topic", name, ("Write",))
    for name in (settings.app, topics.translate_group(settings)):
        yield Acl("operator", "group", name, ("Describe",))
    for role in ("reader", "page"):
        for name in topics.OUTPUTS:
            yield Acl(role, "topic", name, ("Read", "Describe"))
    yield Acl("page", "topic", TargetSet.topic, ("Write", "Describe"))


def _worker(settings: Settings, names: list[str]) -> Iterator[Acl]:
    inputs = {*SOURCE_TOPICS, *REFERENCE_TOPICS}
    for name in names:
        if name in (topics.INBOX, topics.notifications(settings)):
            # That it exists, as every topic has to; its records hold personal data.
            yield Acl("worker", "topic", name, ("Describe",))
            continue
        # A worker reads its own topics too, when it restores a partition.
        write = () if name in inputs else ("Write", "DescribeConfigs")
        yield Acl("worker", "topic", name, ("Read", "Describe", *write))
    yield Acl("worker", "group", settings.app, ("Read",))
    yield Acl(
        "worker", "transactional-id", f"{settings.app}-", ("Write", "Describe"), is_prefix=True
    )


def _translate(settings: Settings) -> Iterator[Acl]:
    own = topics.reads(settings)
    for name in (topics.INBOX, own):
        yield Acl("translate", "topic", name, ("Read", "Describe"))
    for name in sorted({*SOURCE_TOPICS, *REFERENCE_TOPICS, topics.DEAD_LETTERS, own}):
        yield Acl("translate", "topic", name, ("Write", "Describe"))
    # Records that were read from a CRM come to the inbox like its webhooks.
    yield Acl("translate", "topic", topics.INBOX, ("Write",))
    for group in (topics.translate_group(settings), topics.reads_group(settings)):
        yield Acl("translate", "group", group, ("Read",))


def _notify(settings: Settings, names: list[str]) -> Iterator[Acl]:
    own = topics.notifications(settings)
    read = (own, topics.ALERTS, topics.KPIS, RepSet.topic)
    for name in names:
        # That the others exist, as every topic has to.
        yield Acl("notify", "topic", name, ("Read", "Describe") if name in read else ("Describe",))
    yield Acl("notify", "topic", own, ("Write", "DescribeConfigs"))
    yield Acl("notify", "transactional-id", f"{settings.app}-notify-0", ("Write", "Describe"))
