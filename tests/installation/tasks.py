"""Shards and boards taken and worked by hand, one step at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

from streams.config.settings import Settings
from streams.internal_topics import partials
from streams.internal_topics.partials import PublishedPartials
from streams.kafka.fetched_list import FetchedList
from streams.kafka.reader import OffsetClient
from streams.kafka.topics import MERGE_PARTITIONS
from streams.process.cancellation import ended
from streams.tasks.aggregate.task import AggregateTask
from streams.tasks.load_control import Load, LoadControl
from streams.tasks.merge.task import MergeTask
from streams.tasks.ports import CorePort
from streams.tasks.reference_data import ReferenceData
from tests.installation.counting import Counting
from tests.installation.installed import lists
from tests.installation.noted import Noted


class Hands:
    """Owns what it is asked to own, and lets go of it all in the end."""

    def __init__(self, settings: Settings, noted: Noted) -> None:
        """Own nothing yet."""
        self.settings = settings
        self.noted = noted
        self.reference = ReferenceData(settings, noted)
        self.offsets = OffsetClient(settings)
        self.demand = Load.HEAVY
        self._owned: list[AggregateTask | MergeTask] = []

    async def shard(
        self,
        number: int = 0,
        core: CorePort | None = None,
        known: PublishedPartials | None = None,
        settings: Settings | None = None,
    ) -> AggregateTask:
        """Take and restore a shard."""
        settings = settings or self.settings
        core = core or Counting()
        shard = AggregateTask(
            settings, core, number, self.noted, self.offsets, load=lambda: self.demand
        )
        self._owned.append(shard)
        await shard.fence()
        if known is None:
            known = (await partials.read_published(settings, [number], self.offsets))[number]
        await shard.restore(known, self.reference)
        return shard

    async def board(self, number: int = 0, core: CorePort | None = None) -> MergeTask:
        """Take and restore a board, and let it publish what it was restored with."""
        merger = await self.restored_board(number, core)
        await self.compare(merger)
        return merger

    async def restored_board(self, number: int = 0, core: CorePort | None = None) -> MergeTask:
        """Take and restore a board, which has compared nothing yet."""
        pace = LoadControl(lambda: self.demand)
        merger = MergeTask(
            self.settings, core or Counting(), number, self.noted, self.offsets, pace
        )
        self._owned.append(merger)
        await merger.fence()
        await merger.restore(self.reference)
        return merger

    async def compare(self, *mergers: MergeTask) -> None:
        """Let restored boards compare and publish what they have: without load nothing waits."""
        demand, self.demand = self.demand, Load.IDLE
        for merger in mergers:
            await merger.tick()
            while merger.uncompared or merger.next_tick_in_s < inf:
                await asyncio.sleep(max(0.0, merger.next_tick_in_s))
                await merger.tick()
        self.demand = demand

    async def read(self, owner: AggregateTask | MergeTask) -> None:
        """Give an owner all there is to read."""
        await owner.process(await self.fetched(owner))

    async def fetched(self, owner: AggregateTask | MergeTask) -> list[FetchedList]:
        """Read what an owner would be given next."""
        reached = owner.resume_offsets()
        return await lists(self.settings, reached, await self.offsets.ends(reached))

    async def tell(self, *shards: AggregateTask) -> None:
        """Let shards tell what they have still to tell: without load no cell waits."""
        demand, self.demand = self.demand, Load.LIGHT
        for shard in shards:
            await shard.tick()
        self.demand = demand

    async def read_all(self, core: CorePort | None = None) -> None:
        """Take everything and read it once; what shards send to one another may stay unread."""
        for number in range(self.settings.partitions):
            await self.read(await self.shard(number, core))
        await self.read_boards(core)

    async def exchange(self, *shards: AggregateTask) -> None:
        """Let shards read everything, what they send to one another too, and tell what came of it.

        They read until nothing moves, however it is fetched.
        """
        before = None
        while before != (reached := [shard.resume_offsets() for shard in shards]):
            before = reached
            for shard in shards:
                await self.read(shard)
        await self.tell(*shards)

    async def settle(self, core: CorePort) -> None:
        """Read and publish everything, what shards send to one another and members' values too."""
        shards = [await self.shard(number, core) for number in range(self.settings.partitions)]
        await self.exchange(*shards)
        await self.read_boards(core)

    async def read_boards(self, core: CorePort | None = None) -> None:
        """Take all boards and let them publish what is there."""
        restored = (self.restored_board(number, core) for number in range(MERGE_PARTITIONS))
        await self.compare(*await asyncio.gather(*restored))

    async def close(self) -> None:
        """Let go of all."""
        for owner in self._owned:
            await owner.close()
        await self.offsets.close()


@asynccontextmanager
async def hands(settings: Settings) -> AsyncIterator[Hands]:
    """Give hands that know the reference data as it is now."""
    made = Hands(settings, Noted())
    reading = asyncio.create_task(made.reference.read())
    try:
        await made.reference.is_complete.wait()
        yield made
    finally:
        await made.close()
        await ended(reading)
