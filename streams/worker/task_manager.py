"""What this worker holds, as the group assigns it: taking over, going on, handing over."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

from aiokafka import TopicPartition
from faust.types import TP

from streams.agents.assignor import Unit, stage_of
from streams.agents.batches import Lists
from streams.config.settings import Settings
from streams.internal_topics import partials
from streams.internal_topics.partials import Published
from streams.kafka import topic_monitor, topics
from streams.kafka.errors import Fatal
from streams.process.cancellation import stopped
from streams.tasks.aggregate.task import OwnedShard
from streams.tasks.load_control import Demand, Pace
from streams.tasks.merge.task import OwnedBoard
from streams.tasks.ports import Core
from streams.tasks.reference_data import Reference
from streams.worker.metrics import Health
from streams.worker.task_runner import Tenure, refuse_stuck

log = logging.getLogger(__name__)
LAG_SECONDS = 1.0
# So long without a list although there is something to read, or amid a step without getting
# anything done: the client is stuck.
STUCK_SECONDS = 60.0
# Steps through a backlog that may be under way at once. One works while another waits for
# Kafka; with more of them, a rebalance would have to wait until all are through.
LONG_STEPS = 2
# Once no event has come for so long, publishing may have all the time there is.
QUIET_SECONDS = 0.25


class Reader(Protocol):
    """The group's consumer, as far as it is needed here."""

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Go on reading from these offsets."""

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Deliver from these partitions."""

    def assignment(self) -> set[TP]:
        """Say what the group has assigned."""

    def highwater(self, tp: TP) -> int | None:
        """Say where a partition ends."""


class Ownership:
    """Holds a tenure for each shard and board assigned.

    A rebalance pauses all; what stays here goes on from memory, for a shard that somebody else
    has had meanwhile is fenced and cannot commit. Whatever fails goes to `on_fatal`.
    """

    def __init__(
        self,
        settings: Settings,
        core: Core,
        health: Health,
        on_fatal: Callable[[BaseException], None],
        has_time: Callable[[], bool] = lambda: False,
    ) -> None:
        """Hold nothing yet; `has_time` says whether the event loop has time to spare."""
        self._settings = settings
        self._core = core
        self._health = health
        self._on_fatal = on_fatal
        self._reference = Reference(settings, health)
        self._has_time = has_time
        self._pace = Pace(self._is_pressed, self._demand)
        self._long_steps = asyncio.Semaphore(LONG_STEPS)
        self._tenures: dict[Unit, Tenure] = {}
        self._open: set[TP] = set()
        self._is_rebalancing = False
        # The group may change again while the last change is still being followed.
        self._changes = 0
        self._following = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._reader: Reader | None = None
        self._received_at = time.monotonic()

    def start(self, reader: Reader) -> None:
        """Begin reading reference data, watching topics and measuring lag; once is enough."""
        if self._reader is not None:
            return
        self._reader = reader
        self._watch_over(asyncio.create_task(self._reference.read(), name="reference"))
        self._watch_over(
            asyncio.create_task(topic_monitor.watch(self._settings, self._reached), name="topics")
        )
        self._watch_over(asyncio.create_task(self._measure(), name="lag"))

    def trouble(self) -> str | None:
        """Say in a line why this worker does not process yet; None if it does, or is a spare."""
        if self._reader is None:
            return "has not joined the group yet"
        paused = [name for name, tenure in self._tenures.items() if tenure.is_paused]
        return f"is taking {len(paused)} shards" if paused else None

    def is_open(self, tp: TP) -> bool:
        """Tell whether a partition may be delivered."""
        return tp in self._open

    async def receive(self, lists: Lists) -> None:
        """Hand fetched lists to their tenures; waits while one has no room."""
        self._received_at = time.monotonic()
        for tp, records in lists.items():
            tenure = self._tenures.get((stage_of(tp.topic), tp.partition))
            if tenure is not None and tp in self._open:
                await tenure.inbox.put(records)

    async def revoked(self) -> None:
        """Pause all; returns when every transaction under way is through."""
        self._changes += 1
        self._is_rebalancing = True
        self._open.clear()
        await asyncio.gather(*(tenure.pause() for tenure in self._tenures.values()))

    async def assigned(self, tps: Collection[TP]) -> None:
        """Hand over what went elsewhere, go on with what stays, begin to take what is new.

        What is no longer so when its turn comes is left to the call that says what is.
        """
        self._changes += 1
        change, units = self._changes, self._units(tps)
        async with self._following:
            if change != self._changes:
                return
            lost = [self._tenures.pop(unit) for unit in list(self._tenures) if unit not in units]
            await asyncio.gather(*(tenure.end() for tenure in lost))
            if change != self._changes:
                return
            self._is_rebalancing = False
            for tenure in list(self._tenures.values()):
                if tenure.is_restored:
                    await self._resume(tenure)
            if change != self._changes:
                return
            self._gain([unit for unit in sorted(units) if unit not in self._tenures])
            self._health.held(stage for stage, _ in self._tenures)
            self._note_ready()

    async def stop(self) -> None:
        """Finish the transactions under way and let everything go."""
        self._changes += 1
        self._open.clear()
        await asyncio.gather(*(tenure.end() for tenure in self._tenures.values()))
        self._tenures.clear()
        await stopped(*self._tasks)

    def _units(self, tps: Collection[TP]) -> set[Unit]:
        units = {(stage_of(tp.topic), tp.partition) for tp in tps}
        for stage, number in units:
            missing = {TP(topic, number) for topic in topics.sources(self._settings)} - set(tps)
            if stage == "journeys" and number >= self._settings.partitions:
                raise Fatal(
                    f"a topic of events has more than {self._settings.partitions} partitions now:"
                    " stop all workers and senders, then run: sales-kpis topics repartition"
                )
            if stage == "journeys" and missing:
                raise topics.TopicsMissing(
                    f"topic {min(missing).topic} is missing, or its partition {number} is;"
                    " run: sales-kpis topics apply"
                )
        return units

    def _gain(self, units: list[Unit]) -> None:
        """Begin to take new units: all are fenced before anything of any is read."""
        if not units:
            return
        takes: list[asyncio.Task[None]] = []
        shards = [number for stage, number in units if stage == "journeys"]
        published = asyncio.create_task(self._published_after(takes, shards), name="partials")
        self._watch_over(published)
        for unit in units:
            tenure = self._tenures[unit] = self._tenure(unit, published, takes)
            self._watch_over(tenure.start(self._resume))

    async def _published_after(
        self, takes: list[asyncio.Task[None]], shards: list[int]
    ) -> dict[int, Published]:
        await asyncio.wait(takes)
        return await partials.published(self._settings, shards) if shards else {}

    def _tenure(
        self,
        unit: Unit,
        published: "asyncio.Task[dict[int, Published]]",
        takes: list[asyncio.Task[None]],
    ) -> Tenure:
        stage, number = unit
        began = time.monotonic()
        settings, core, health = self._settings, self._core, self._health
        if stage == "journeys":
            shard = OwnedShard(settings, core, number, health, self._end_of, self._demand)
            take = asyncio.create_task(shard.take())

            async def restore_shard() -> None:
                await take
                known = await asyncio.shield(published)
                await self._reference.is_complete.wait()
                await shard.restore(known[number], self._reference)
                health.restored(stage, time.monotonic() - began)

            takes.append(take)
            return Tenure(shard, restore_shard, self._long_steps)
        board = OwnedBoard(settings, core, number, health, self._pace)
        take = asyncio.create_task(board.take())

        async def restore_board() -> None:
            await take
            await self._reference.is_complete.wait()
            await board.restore(self._reference)
            health.restored(stage, time.monotonic() - began)

        takes.append(take)
        return Tenure(board, restore_board)

    async def _resume(self, tenure: Tenure) -> None:
        """Let a tenure's partitions be read from where it is, if the group still says so."""
        reader = self._reader
        if reader is None or not self._may_go_on(tenure):
            return  # `assigned` comes back to it, if it stays
        seeks = {TP(*place): offset for place, offset in tenure.owner.seeks().items()}
        if not seeks.keys() <= reader.assignment():
            return
        await reader.seek_wait(seeks)
        if not self._may_go_on(tenure):
            return
        tenure.resume()
        self._open |= seeks.keys()
        reader.resume_partitions(seeks.keys())
        self._note_ready()

    def _may_go_on(self, tenure: Tenure) -> bool:
        unit = tenure.owner.stage, tenure.owner.number
        return not self._is_rebalancing and self._tenures.get(unit) is tenure

    def _note_ready(self) -> None:
        if self._tenures and all(not tenure.is_paused for tenure in self._tenures.values()):
            held: dict[str, list[str]] = {"journeys": [], "kpis": []}
            for stage, number in sorted(self._tenures):
                held[stage].append(str(number))
            text = "; ".join(f"{stage} {' '.join(numbers)}" for stage, numbers in held.items())
            log.info("ready: shards %s", text)

    def _is_pressed(self) -> bool:
        return any(
            t.inbox.is_behind for (stage, _), t in self._tenures.items() if stage == "journeys"
        )

    def _demand(self) -> Demand:
        if self._is_idle():
            return Demand.NOTHING
        return Demand.LITTLE if self._has_time() else Demand.MUCH

    def _is_idle(self) -> bool:
        quiet_since = time.monotonic() - QUIET_SECONDS
        return all(
            tenure.worked_at < quiet_since and not tenure.inbox.waiting
            for (stage, _), tenure in self._tenures.items()
            if stage == "journeys"
        )

    def _watch_over(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)

        def over(task: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                self._on_fatal(error)

        task.add_done_callback(over)

    async def _measure(self) -> None:
        """Show lag once a second; who does not move although it could is stuck: Fatal."""
        while True:
            await asyncio.sleep(LAG_SECONDS)
            lags = self._lags()
            self._health.lags(lags)
            refuse_stuck(self._tenures.values(), STUCK_SECONDS)
            idle = time.monotonic() - self._received_at
            if any(lags.values()) and not self._is_pressed() and idle > STUCK_SECONDS:
                raise Fatal(
                    f"nothing was read for {idle:.0f} s although there is something to read"
                )

    def _end_of(self, place: TopicPartition) -> int | None:
        """Say where a partition ends, by the last fetch from it; None if it is not read."""
        is_read = self._reader is not None and TP(*place) in self._open
        return self._reader.highwater(TP(*place)) if self._reader and is_read else None

    def _reached(self) -> dict[TopicPartition, int]:
        """Say up to where partitions were read or written by what is held and ready."""
        reached: dict[TopicPartition, int] = {}
        for owner in (tenure.owner for tenure in self._tenures.values() if tenure.is_restored):
            for place, offset in owner.reached().items():
                reached[place] = max(offset, reached.get(place, 0))
        return reached

    def _lags(self) -> dict[TopicPartition, int]:
        """Say how far each crm topic is ahead; the topic of moves ends with no record of ours."""
        lags = {}
        unmeasured = topics.moved(self._settings)
        for (stage, _), tenure in self._tenures.items():
            if stage == "journeys" and not tenure.is_paused and self._reader is not None:
                for place, offset in tenure.owner.seeks().items():
                    if place.topic != unmeasured:
                        lags[place] = max(0, (self._end_of(place) or 0) - offset)
        return lags
