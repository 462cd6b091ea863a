"""An event of the future is stored, and counts as soon as the clock has reached it."""

from dataclasses import dataclass, field, fields
from typing import Any

import orjson
import pytest

from streams.config.settings import Settings
from streams.kafka import topics
from streams.tasks.aggregate.quarantine import Crashed
from streams.tasks.ports import CorePort
from streams.wiring.core import build_core
from tests.installation.failing import failing_core
from tests.installation.installed import all_records, event, produce, records
from tests.installation.tasks import Hands, hands
from tests.kpis.story import instant

NOW = instant("03-10 12:00")
PAST = "2026-03-10T11:59:00Z"
SOON, SOON_S = "2026-03-10T12:00:08Z", 8


@dataclass(frozen=True)
class Advancing(Settings):
    """Settings with a clock that a test sets."""

    instants: list[int] = field(default_factory=lambda: [NOW])

    def clock(self) -> int:
        """Give the instant that was set last."""
        return self.instants[-1]

    def advance(self) -> None:
        """Let the time come."""
        self.instants.append(NOW + 1_000 * SOON_S)


@dataclass
class Running:
    """Owners of the one partition that has the lead, one after the other."""

    own: Hands
    number: int
    core: CorePort

    async def owner(self) -> Any:
        """Give another owner, who has read all there is."""
        shard = await self.own.shard(self.number, self.core)
        await self.own.read(shard)
        return shard


async def test_event_of_the_future_counts_in_its_time_and_leaves_nothing_else_in_the_state(
    live: Advancing,
) -> None:
    later = event(2, "call.ended", subject="lead-1", at=SOON)
    number = await sent(live, event(1, "call.ended", at=PAST), later)
    async with hands(live) as own:
        running = Running(own, number, build_core(live))
        shard = await running.owner()
        assert (await calls(live), own.noted.future) == (1, {number: 1})
        assert shard.next_tick_in_s == SOON_S
        # Another owner knows of it as well.
        shard = await running.owner()
        assert (await calls(live), own.noted.future) == (1, {number: 1})
        live.advance()
        await shard.tick()
        assert await calls(live) == 2
        assert own.noted.future == {number: 0}
        assert await waiting(live, number) == []
        await running.owner()
        assert await calls(live) == 2


async def test_event_that_a_kpi_fails_for_in_its_time_is_a_dead_letter(live: Advancing) -> None:
    poison = event(2, "call.ended", subject="lead-1", at=SOON, cold=True)
    number = await sent(live, event(1, "call.ended", at=PAST), poison)
    async with hands(live) as own:
        running = Running(own, number, failing_core(live))
        shard = await running.owner()
        live.advance()
        with pytest.raises(Crashed, match="noted"):
            await shard.tick()
        await running.owner()
        assert await calls(live) == 1
        assert [kind for _, kind in own.noted.rejections] == ["crashes the KPIs"]
        (letter,) = [orjson.loads(r.value) for r in await records(live, topics.DEAD_LETTERS)]
        assert (letter["topic"], letter["offset"]) == ("crm.call", -1)
        assert await waiting(live, number) == []
        await running.owner()
        assert await calls(live) == 1


async def test_event_that_a_kpi_fails_for_while_there_is_no_owner_is_a_dead_letter(
    live: Advancing,
) -> None:
    poison = event(2, "call.ended", subject="lead-1", at=SOON, cold=True)
    number = await sent(live, event(1, "call.ended", at=PAST), poison)
    async with hands(live) as own:
        running = Running(own, number, failing_core(live))
        await running.owner()
        live.advance()
        with pytest.raises(Crashed):
            await running.owner()
        await running.owner()
        assert await calls(live) == 1
        assert [kind for _, kind in own.noted.rejections] == ["crashes the KPIs"]


@pytest.fixture
def live(settings: Settings) -> Advancing:
    """An installation whose clock the test sets."""
    options = {each.name: getattr(settings, each.name) for each in fields(Settings)}
    return Advancing(**options | {"now": None})


async def sent(settings: Settings, *events: Any) -> int:
    """Send events of one lead; returns the number of their partition."""
    await produce(settings, list(events))
    for place, some in (await all_records(settings, "crm.call")).items():
        if some:
            return int(place.partition)
    raise AssertionError("nothing was sent")


async def waiting(settings: Settings, number: int) -> list[bytes]:
    """Give the keys of events that wait in the state."""
    current = {r.key: r.value for r in await records(settings, topics.state(settings), number)}
    return [key for key, value in current.items() if key[:2] == b"rw" and value is not None]


async def calls(settings: Settings) -> int:
    """Give the calls that stand in the partials for all."""
    total = 0
    for some in (await all_records(settings, topics.PARTIALS)).values():
        current = {record.key: record.value for record in some}
        for key, value in current.items():
            cell = key.decode().partition("|")[2]
            if cell.endswith("|") and not cell.startswith("h") and value:
                total += orjson.loads(value).get("call_count", {}).get("n", 0)
    return total
