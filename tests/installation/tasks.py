"""Shards and boards taken and worked by hand, one step at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streams.config.settings import Settings
from streams.internal_topics import partials
from streams.internal_topics.partials import Published
from streams.kafka.topics import FAMILY_PARTITIONS
from streams.process.cancellation import ended
from streams.tasks.aggregate.task import OwnedShard
from streams.tasks.commit_schedule import MEMBERS_SECONDS
from streams.tasks.load_control import Demand, Pace
from streams.tasks.merge.task import OwnedBoard
from streams.tasks.ports import Core
from streams.tasks.reference_data import Reference
from tests.installation.counting import Counting
from tests.installation.installed import Noted, lists


class Hands:
    """Owns what it is asked to own, and lets go of it all in the end."""

    def __init__(self, settings: Settings, noted: Noted) -> None:
        """Own nothing yet."""
        self.settings = settings
        self.noted = noted
        self.reference = Reference(settings, noted)
        self.demand = Demand.MUCH
        self._owned: list[OwnedShard | OwnedBoard] = []

    async def shard(
        self,
        number: int = 0,
        core: Core | None = None,
        known: Published | None = None,
        settings: Settings | None = None,
    ) -> OwnedShard:
        """Take and restore a shard."""
        settings = settings or self.settings
        shard = OwnedShard(
            settings, core or Counting(), number, self.noted, demand=lambda: self.demand
        )
        self._owned.append(shard)
        await shard.take()
        published = known or (await partials.published(settings, [number]))[number]
        await shard.restore(published, self.reference)
        return shard

    async def board(self, number: int = 0, core: Core | None = None) -> OwnedBoard:
        """Take and restore a board."""
        pace = Pace(lambda: False, lambda: self.demand)
        board = OwnedBoard(self.settings, core or Counting(), number, self.noted, pace)
        self._owned.append(board)
        await board.take()
        await board.restore(self.reference)
        return board

    async def read(self, owner: OwnedShard | OwnedBoard) -> None:
        """Give an owner all there is to read."""
        await owner.work(await lists(self.settings, owner.seeks()))

    async def tell(self, *shards: OwnedShard) -> None:
        """Let shards tell what they have still to tell of members: that has a turn of its own."""
        await asyncio.sleep(MEMBERS_SECONDS)
        for shard in shards:
            await shard.rest()

    async def read_all(self, core: Core | None = None) -> None:
        """Take everything, work it off and let it go, once."""
        for number in range(self.settings.partitions):
            await self.read(await self.shard(number, core))
        await self.read_boards(core)

    async def read_boards(self, core: Core | None = None) -> None:
        """Take all boards and let them publish what is there."""
        for number in range(FAMILY_PARTITIONS):
            await self.board(number, core)

    async def close(self) -> None:
        """Let go of all."""
        for owner in self._owned:
            await owner.close()


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
