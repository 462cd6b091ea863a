"""The configuration of a Kafka of one node."""

from collections.abc import Mapping
from types import MappingProxyType

STORAGE = "storage"
NOTHING: Mapping[str, str] = MappingProxyType({})

SINGLE_NODE: Mapping[str, str] = MappingProxyType(
    {
        "process.roles": "broker,controller",
        "node.id": "1",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "default.replication.factor": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "4",
        # A killed broker cannot register again before its old session ends; by default 9 s.
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "500",
        # With nothing to do the controller writes a record each time; by default twice a second,
        # which is a sixth of what an idle broker needs of the processor.
        "metadata.max.idle.interval.ms": "10000",
        # By default 128 MiB, a quarter of this broker's heap.
        "log.cleaner.dedupe.buffer.size": str(32 * 1024 * 1024),
    }
)


# The values of these are lists; additions are appended.
LISTS = ("listeners", "advertised.listeners", "listener.security.protocol.map")


def properties(
    host: str,
    port: int,
    controller_port: int,
    more: Mapping[str, str] = NOTHING,
) -> str:
    """Return the server's properties; its storage is in the broker's working directory.

    `more` are added: further listeners, an authorizer.
    """
    lines = dict(SINGLE_NODE) | {
        "listeners": f"CLIENT://{host}:{port},CONTROLLER://{host}:{controller_port}",
        "advertised.listeners": f"CLIENT://{host}:{port}",
        "controller.quorum.voters": f"1@{host}:{controller_port}",
        "log.dirs": STORAGE,
    }
    added = {name: f"{lines[name]},{more[name]}" for name in LISTS if name in more}
    return "".join(f"{name}={value}\n" for name, value in {**lines, **more, **added}.items())
