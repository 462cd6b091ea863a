"""The embedded broker is a Kafka to its clients."""

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.config.settings import Settings
from streams.kafka.reader import ends


async def create(kafka: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def records(kafka: str, topic: str, *, committed: bool = False) -> list[bytes]:
    """Read the topic's partition to its end."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        isolation_level="read_committed" if committed else "read_uncommitted",
    )
    partition = TopicPartition(topic, 0)
    await consumer.start()
    try:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        # Of committed records it is before a transaction whose end is on its way.
        end = (await ends(Settings(bootstrap=kafka), [partition]))[partition]
        read: list[bytes] = []
        while await consumer.position(partition) < end:
            batches = await consumer.getmany(partition, timeout_ms=200)
            read += [record.value for record in batches.get(partition, [])]
        return read
    finally:
        await consumer.stop()


async def test_what_is_produced_is_consumed_in_order(kafka: str) -> None:
    await create(kafka, "broker-order")
    async with AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True) as producer:
        for value in (b"one", b"two", b"three"):
            await producer.send_and_wait("broker-order", value)
    assert await records(kafka, "broker-order") == [b"one", b"two", b"three"]


async def test_only_committed_transactions_are_read(kafka: str) -> None:
    await create(kafka, "broker-transactions")
    async with AIOKafkaProducer(
        bootstrap_servers=kafka, transactional_id="broker-transactions"
    ) as producer:
        async with producer.transaction():
            await producer.send("broker-transactions", b"kept")
        await producer.begin_transaction()
        await producer.send_and_wait("broker-transactions", b"dropped")
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send("broker-transactions", b"kept too")
    assert await records(kafka, "broker-transactions", committed=True) == [b"kept", b"kept too"]


async def test_offsets_of_a_group_are_kept(kafka: str) -> None:
    await create(kafka, "broker-offsets")
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for value in (b"seen", b"unseen"):
            await producer.send_and_wait("broker-offsets", value)
    read = []
    for _ in range(2):
        async with AIOKafkaConsumer(
            "broker-offsets",
            bootstrap_servers=kafka,
            group_id="broker-offsets",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        ) as consumer:
            record = await consumer.getone()
            read.append(record.value)
            await consumer.commit({TopicPartition("broker-offsets", 0): record.offset + 1})
    assert read == [b"seen", b"unseen"]


async def test_nothing_but_an_admin_creates_topics(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        (described,) = await admin.describe_topics(["broker-never-created"])
    finally:
        await admin.close()
    assert described["error_code"] == 3  # UNKNOWN_TOPIC_OR_PARTITION
