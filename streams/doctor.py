"""What is wrong with broker, topics, clocks and settings, in plain words, and what to do."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, fields

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError

from streams.settings import PREFIX, SECRETS, Settings
from streams.tables import topics
from streams.tables.connecting import client
from streams.tables.fatal import Fatal
from streams.tables.progress import behind, destination
from streams.tables.reading import ends, read_to

# AddPartitionsToTxn: from this version on brokers verify a transaction before its first append.
ADD_PARTITIONS_TO_TXN = 24
VERIFYING = 4
CLOCK_TOLERANCE_MS = 2_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `advice` says what to do where it is not fine."""

    what: str
    is_fine: bool = True
    advice: str = ""

    @property
    def colour(self) -> str:
        """Green or red."""
        return "green" if self.is_fine else "red"


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; stops early where the rest cannot be looked at."""
    found = list(of_settings(settings))
    broker = await of_broker(settings)
    found.append(broker)
    if broker.is_fine:
        found += [finding async for finding in of_topics(settings)]
    return found


def of_settings(settings: Settings) -> list[Finding]:
    """Say what is in force; secrets only as set or not set."""
    said = []
    for setting in fields(settings):
        value = getattr(settings, setting.name)
        if setting.name in SECRETS:
            value = "set" if value else "not set"
        said.append(f"{PREFIX}{setting.name.upper()}={value if value is not None else ''}")
    found = [Finding("settings: " + "  ".join(said))]
    if settings.now is not None:
        found.append(
            Finding(
                f"the clock stands still, {PREFIX}NOW is set",
                is_fine=False,
                advice=f"right for looking back and for tests; for live numbers unset {PREFIX}NOW",
            )
        )
    return found


async def of_broker(settings: Settings) -> Finding:
    """Say whether Kafka answers and is new enough to guard transactions."""
    host, _, port = settings.bootstrap.split(",")[0].rpartition(":")
    if not host or not port.isdigit():
        return Finding(
            f"bootstrap {settings.bootstrap!r} is not HOST:PORT",
            is_fine=False,
            advice=f"set {PREFIX}BOOTSTRAP, such as 127.0.0.1:9092",
        )
    try:
        options = {**client(settings), "request_timeout_ms": 5_000}
        del options["bootstrap_servers"]
        connection = await create_conn(host, int(port), **options)
    except (OSError, KafkaError) as error:
        return Finding(
            f"no Kafka at {settings.bootstrap}: {error or type(error).__name__}",
            is_fine=False,
            advice="start one (`sales-kpis broker`), or set SALES_KPIS_BOOTSTRAP to where it is",
        )
    highest = connection._versions.get(ADD_PARTITIONS_TO_TXN, (0, 0))[1]
    connection.close()
    if highest < VERIFYING:
        return Finding(
            f"Kafka at {settings.bootstrap} does not verify transactions",
            is_fine=False,
            advice="use Kafka 3.6 or later: an older one may let a dead worker's records through",
        )
    return Finding(f"Kafka answers at {settings.bootstrap} and verifies transactions")


async def of_topics(settings: Settings) -> AsyncIterator[Finding]:
    """Say whether topics, clocks and workers are as they should be."""
    try:
        await topics.check(settings)
    except Fatal as error:
        yield Finding(f"topics: {error}", is_fine=False, advice="run `sales-kpis topics apply`")
        return
    yield Finding(f"all {len(topics.wanted(settings))} topics are there")
    newest = await newest_word(settings)
    if newest is None:
        yield Finding(
            "no worker has ever run here", is_fine=False, advice="start `sales-kpis worker`"
        )
        return
    ahead = newest - Settings().clock()
    if ahead > CLOCK_TOLERANCE_MS:
        yield Finding(
            f"a worker's clock is {ahead / 1000:.1f} s ahead of this machine's",
            is_fine=False,
            advice="synchronise the clocks (NTP): windows end when the worker's clock says so",
        )
    else:
        yield Finding("clocks agree with this machine's")
    left = await behind(settings)
    waiting = sum(left.events.values())
    yield Finding(
        "workers are up to date" if left.is_settled else f"workers are behind: {waiting} events",
        is_fine=left.is_settled,
        advice=""
        if left.is_settled
        else "see whether one runs: `sales-kpis worker`; then `sales-kpis status --wait`",
    )


async def newest_word(settings: Settings) -> int | None:
    """Give when, by its own machine's clock in ms, a worker last said how far it is."""
    wanted = await ends(settings, [destination(settings)], committed=True)
    stamps = [
        record.timestamp async for _, records in read_to(settings, wanted) for record in records
    ]
    return max(stamps, default=None)
