"""What another shard moved here makes a KPI raise: it is set aside and stays so."""

from dataclasses import dataclass

import orjson
import pytest

from streams.config.settings import Settings
from streams.internal_topics.reroutes import shard_of
from streams.kafka import topics
from streams.tasks.aggregate.quarantine import Crashed
from streams.wiring.core import build_core
from tests.installation.failing import failing_core
from tests.installation.installed import (
    all_records,
    event,
    produce,
    records,
)
from tests.installation.tasks import Hands, hands


@dataclass(frozen=True)
class Names:
    """A lead of shard 0 and one of shard 1."""

    double: str
    lead: str


@pytest.fixture
def names(settings: Settings) -> Names:
    """Two leads of two shards."""
    found = {shard_of(f"lead-{n}", settings): f"lead-{n}" for n in range(20)}
    return Names(found[0], found[1])


async def test_poison_reroute_is_in_quarantine_and_all_else_is_counted(
    settings: Settings, names: Names
) -> None:
    async with hands(settings) as own:
        shard = await own.shard(1, failing_core(settings))
        await _merge(own, names)
        with pytest.raises(Crashed, match="noted"):
            await own.read(shard)
        await own.read(await own.shard(1, failing_core(settings)))
        assert [kind for _, kind in own.noted.rejections] == ["crashes the KPIs"]
    assert await _calls(settings) == {"1": 2}
    (letter,) = [orjson.loads(r.value) for r in await records(settings, topics.DEAD_LETTERS)]
    assert letter["topic"] == topics.reroutes(settings)


async def test_reroute_that_came_while_the_shard_had_no_owner_is_found_as_well(
    settings: Settings, names: Names
) -> None:
    async with hands(settings) as own:
        await _merge(own, names)
        with pytest.raises(Crashed):
            await own.shard(1, failing_core(settings))
        await own.read(await own.shard(1, failing_core(settings)))
    assert await _calls(settings) == {"1": 2}


async def test_later_owner_remembers_the_quarantine(settings: Settings, names: Names) -> None:
    async with hands(settings) as own:
        await _merge(own, names)
        with pytest.raises(Crashed):
            await own.shard(1, failing_core(settings))
        await own.read(await own.shard(1, failing_core(settings)))
        await own.read(await own.shard(1, failing_core(settings)))
        await produce(settings, [event(5, "call.ended", subject=names.lead)])
        await own.read(await own.shard(1, failing_core(settings)))
    assert await _calls(settings) == {"1": 3}


async def _merge(own: Hands, names: Names) -> None:
    """Let shard 0 move two calls to shard 1, one of them poison there; shard 1 has one."""
    await produce(
        own.settings,
        [
            event(1, "call.ended", subject=names.double, cold=True),
            event(2, "call.ended", subject=names.double),
            event(3, "call.ended", subject=names.lead),
            event(4, "subject.merged", subject=names.double, into=names.lead),
        ],
    )
    await own.read(await own.shard(0, build_core(own.settings)))


async def _calls(settings: Settings) -> dict[str, int]:
    """Give the calls that stand in the partials for all, by shard."""
    found: dict[str, int] = {}
    for some in (await all_records(settings, topics.PARTIALS)).values():
        current = {record.key: record.value for record in some}
        for key, value in current.items():
            shard, _, cell = key.decode().partition("|")
            count = orjson.loads(value).get("call_count", {}).get("n", 0) if value else 0
            if cell.endswith("|") and not cell.startswith("h") and count:
                found[shard] = found.get(shard, 0) + count
    return found
