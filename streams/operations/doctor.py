"""The doctor: checks broker, topics, clocks, settings and rules, with advice for each problem."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import fields

from aiokafka import ConsumerRecord
from aiokafka.conn import create_conn
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError

from streams.config.declaration import BadSetting
from streams.config.rules import read
from streams.config.settings import (
    PREFIX,
    SECRETS,
    Settings,
)
from streams.engine.catalogue.choice import WINDOWS
from streams.events import SOURCE_TOPICS
from streams.internal_topics.progress import behind, destination
from streams.kafka import topics
from streams.kafka.client import connection
from streams.kafka.consumer_group import describe_group
from streams.kafka.errors import Fatal, TopicsWrong
from streams.kafka.reader import ends, read_to
from streams.operations.findings import Finding, check_progress, check_transactions
from streams.operations.installations import check_installations
from streams.operations.names import check_names
from streams.operations.readers.health import check_readers
from streams.operations.readers.secret_files import check_secrets
from streams.operations.senders import (
    PARTITIONER_ADVICE,
    newest_records,
    partitioning,
    sources_ahead,
)
from streams.operations.sources.health import check_sources_and_inbox
from streams.wiring.catalogue import catalogue

# AddPartitionsToTxn: from this version on brokers verify a transaction before its first append.
ADD_PARTITIONS_TO_TXN = 24
VERIFIES_TRANSACTIONS = 4
# DescribeLogDirs: this version came with Kafka 4.3.
DESCRIBE_LOG_DIRS = 35
SINCE_4_3 = 5
CLOCK_TOLERANCE_MS = 2_000
# Longer than a rebalance takes after a worker has died.
REBALANCE_SECONDS = 30.0


async def examine(settings: Settings) -> list[Finding]:
    """Run all checks; stops early where the rest cannot be checked."""
    rules = check_rules(settings)
    found = [*check_settings(settings), *rules]
    has_rules = all(finding.is_fine for finding in rules)
    if has_rules:
        found += await check_secrets(settings)
    broker = await check_broker(settings)
    found.append(broker)
    if broker.is_fine:
        found += [finding async for finding in check_topics(settings, has_rules=has_rules)]
    return found


def check_rules(settings: Settings) -> list[Finding]:
    """Check that the rules file can be used, if there is one, and KPIs of installed packages."""
    try:
        found = catalogue(settings, read(settings.rules))
    except BadSetting as error:
        advice = "no command starts until this is corrected"
        return [Finding(f"rules: {error}", is_fine=False, advice=advice)]
    if settings.rules is None:
        return []
    chosen, known = len(found.published), len(found.declared)
    choice = f", with {chosen} of {known} KPIs in {', '.join(found.windows)}"
    is_all = chosen == known and found.windows == WINDOWS
    return [Finding(f"rules: {settings.rules} is in force{'' if is_all else choice}")]


def check_settings(settings: Settings) -> list[Finding]:
    """List the settings in force; secrets only as set or not set."""
    values = []
    for setting in fields(settings):
        value = getattr(settings, setting.name)
        if setting.name in SECRETS:
            value = "set" if value else "not set"
        values.append(f"{PREFIX}{setting.name.upper()}={value if value is not None else ''}")
    found = [Finding("settings: " + "  ".join(values))]
    if settings.now is not None:
        found.append(
            Finding(
                f"the clock is fixed, {PREFIX}NOW is set",
                is_fine=False,
                advice=f"right for past dates and for tests; for live values unset {PREFIX}NOW",
            )
        )
    return found


async def check_broker(settings: Settings) -> Finding:
    """Check that Kafka answers and is recent enough to verify transactions."""
    host, _, port = settings.bootstrap.split(",")[0].rpartition(":")
    if not host or not port.isdigit():
        return Finding(
            f"bootstrap {settings.bootstrap!r} is not HOST:PORT",
            is_fine=False,
            advice=f"set {PREFIX}BOOTSTRAP, such as 127.0.0.1:9092",
        )
    try:
        opened = await create_conn(
            host, int(port), request_timeout_ms=5_000, **connection(settings)
        )
    except (OSError, KafkaError) as error:
        return Finding(
            f"no Kafka at {settings.bootstrap}: {error or type(error).__name__}",
            is_fine=False,
            advice="start one (`sales-kpis broker`), or set SALES_KPIS_BOOTSTRAP to where it is",
        )
    versions = opened._versions
    opened.close()
    return check_versions(settings, {api: highest for api, (_, highest) in versions.items()})


def check_versions(settings: Settings, versions: Mapping[int, int]) -> Finding:
    """Check a broker by its highest version of each API."""
    if versions.get(ADD_PARTITIONS_TO_TXN, 0) < VERIFIES_TRANSACTIONS:
        return Finding(
            f"Kafka at {settings.bootstrap} does not verify transactions",
            is_fine=False,
            advice="use Kafka 3.6 or later: an older one may let a dead worker's records through",
        )
    if versions.get(DESCRIBE_LOG_DIRS, 0) >= SINCE_4_3:
        return Finding(
            f"Kafka at {settings.bootstrap} is 4.3 or later",
            advice="4.3.0, 4.3.1 and 4.4.0 can leave a transaction open for good when a broker is"
            " killed (KAFKA-20734), which blocks all readers: use 4.2, or a release with the fix",
            is_doubtful=True,
        )
    return Finding(f"Kafka answers at {settings.bootstrap} and verifies transactions")


async def check_group(settings: Settings, max_wait_s: float = REBALANCE_SECONDS) -> Finding:
    """Check that workers are in the group, and that it does not rebalance for too long."""
    try:
        group = await describe_group(settings, max_wait_s)
    except GroupAuthorizationFailedError:
        return Finding(
            f"the workers' group {settings.app} may not be described",
            advice="grant this user Describe on the group",
            is_doubtful=True,
        )
    if group.is_rebalancing:
        return Finding(
            f"the group {settings.app} of {group.members} workers has been rebalancing for"
            f" {group.rebalancing_s:.0f} s ({group.state}), and nothing is processed meanwhile",
            is_fine=False,
            advice="a worker without progress for a minute ends and is started again; its last"
            " lines name what it waited for",
        )
    if not group.members:
        return Finding(
            f"no worker is in the group {settings.app}",
            is_fine=False,
            advice="start `sales-kpis worker`; if one runs, its last lines say why it is not in it",
        )
    return Finding(f"the group {settings.app} has {group.members} workers and an assignment")


async def check_topics(settings: Settings, *, has_rules: bool = True) -> AsyncIterator[Finding]:
    """Check topics, transactions, clocks and the progress of workers, and what reads the output.

    Without rules that can be used, nothing is checked that depends on them.
    """
    try:
        await topics.check(settings)
    except TopicsWrong as error:
        advice = "do that; `sales-kpis topics apply` leaves topics that exist as they are"
        yield Finding(f"topics: {error}", is_fine=False, advice=advice)
        return
    except Fatal as error:
        yield Finding(f"topics: {error}", is_fine=False, advice="run `sales-kpis topics apply`")
        return
    yield Finding(f"all {len(topics.wanted(settings))} topics are there")
    for check in (*CHECKS, *CHECKS_BY_RULES) if has_rules else CHECKS:
        for finding in await check(settings):
            yield finding
    newest_of_sources = await newest_records(settings)
    for finding in check_sources(settings, newest_of_sources):
        yield finding
    yield check_partitions(settings, newest_of_sources)
    newest = await newest_report_at(settings)
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
    yield await check_group(settings)
    for finding in check_progress(await behind(settings)):
        yield finding


async def check_compaction(settings: Settings) -> list[Finding]:
    """Report topics of events that Kafka compacts: the holes look like markers."""
    return [
        Finding(
            f"{name} is compacted: Kafka deletes all but the last event of each subject",
            is_fine=False,
            advice=f"set cleanup.policy=delete for {name}; events that were deleted before a"
            " worker read them have to be sent again",
        )
        for name in await topics.compacted(settings, SOURCE_TOPICS)
    ]


CHECKS = (check_installations, check_compaction, check_transactions, check_sources_and_inbox)
CHECKS_BY_RULES = (check_names, check_readers)


def check_sources(settings: Settings, records: Iterable[ConsumerRecord]) -> list[Finding]:
    """Report sources that date events later than they send them."""
    return [
        Finding(
            f"{source} dates events {ahead / 1000:.1f} s ahead: they wait for their time",
            advice="check the clock and the time zone of whoever sends them",
            is_doubtful=True,
        )
        for source, ahead in sorted(sources_ahead(records, settings.clock()).items())
    ]


def check_partitions(settings: Settings, records: Iterable[ConsumerRecord]) -> Finding:
    """Report events in other partitions than their subjects', and the producers' remedy."""
    found = partitioning(records, settings.partitions)
    if found.misplaced:
        problem = f"events are in other partitions than their subjects': {found}"
        return Finding(problem, advice=PARTITIONER_ADVICE, is_doubtful=True)
    return Finding("the newest events are in the partitions of their subjects")


async def newest_report_at(settings: Settings) -> int | None:
    """Return the time of the last progress report, by the clock of its worker in ms."""
    wanted = await ends(settings, [destination(settings)], committed=True)
    stamps = [
        record.timestamp async for _, records in read_to(settings, wanted) for record in records
    ]
    return max(stamps, default=None)
