"""The faults of a plan, one after the other, with time to recover."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable
from random import Random

from streams.broker.embedded import EmbeddedKafka
from tests.chaos.children import Child, ChildRun
from tests.chaos.plan import Plan
from tests.chaos.proxy import Proxy
from tests.chaos.sending import Sending
from tests.chaos.watching import Watcher

POLL_SECONDS = 0.1
STOP = ":stop"
# A zombie sleeps past its session (6 s): until about when others are assigned its partitions, or
# until they own them, which may last until its transaction times out (15 s).
ZOMBIE_SECONDS = (6.5, 11.0)
LONG_ZOMBIE_SECONDS = 25.0
# Events come in faster by this factor while a worker is to be frozen with work waiting; half of
# them at least is left for the faults that follow.
BURST = 8
STALL_SECONDS = (2.0, 14.0)
# After this time the next fault comes even if the consequences of the last are not over.
RECOVERY_SECONDS = 30.0
HASTY_SHARE, HASTE_SECONDS = 0.5, 4.0
JOINING_SECONDS = 4.0
FIRING_SECONDS = 25.0
FAULT_SECONDS = 15.0
# A worker that is to kill itself has this long to start, to restore and to come to its failpoint.
FAILPOINT_SECONDS = 60.0


class Torment:
    """Carries out a plan's faults; `counts` has the faults that were carried out, by kind."""

    def __init__(
        self,
        plan: Plan,
        broker: EmbeddedKafka,
        proxy: Proxy,
        watcher: Watcher,
        sending: Sending,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        self.workers: list[Child] = []
        self.gateway: Child | None = None
        self.translator: Child | None = None
        self.report: Callable[[str], None] | None = None
        self._plan = plan
        self._broker = broker
        self._proxy = proxy
        self._watcher = watcher
        self._sending = sending
        self._random = Random(plan.seed + 3)
        self._points = plan.failpoint_settings()
        self._next_point = ""
        self._began = 0.0
        self._done = 0

    def next_failpoint(self) -> str:
        """Return the failpoint of the process that starts now, if any."""
        point, self._next_point = self._next_point, ""
        return point

    def on_end(self, child: Child, run: ChildRun) -> None:
        """Record the end of a process and its cause."""
        if child not in self.workers or not child.is_wanted:
            return
        has_fired = run.status == -signal.SIGKILL and not run.was_killed
        if run.failpoint and not has_fired and not run.failpoint.endswith(STOP):
            self._points.append(run.failpoint)
        if has_fired:
            self.counts["killed at a failpoint"] += 1
            self.ends[run.failpoint.partition(":")[0]] += 1
            child.run = run
            self._watcher.killed("failpoint", child.partitions(), time.time())
        elif run.status == -signal.SIGKILL:
            self.ends["killed"] += 1
        else:
            self.ends["ended by itself" if run.status else "stopped"] += 1

    async def run(self) -> None:
        """Carry out all faults of the plan; the load's rate is set so that it lasts as long."""
        faults = self._plan.faults
        self._began = time.monotonic()
        for number, kind in enumerate(faults):
            await self._do(kind, f"{number + 1}/{len(faults)}")
        for _ in range(self._plan.failpoints):
            # Without load none is passed: each would only be waited for.
            if self._points and self._sending.sent < self._sending.size:
                await self._do("failpoints", "again")
        self.counts["failpoints not passed"] = len(self._points)
        self._sending.rate = 0.0

    async def _do(self, kind: str, which: str) -> None:
        """Carry out one fault and wait for its consequences."""
        if self.report is not None:
            self.report(
                f"{time.strftime('%H:%M:%S')} {kind} {which}, {self._sending.sent} accepted"
            )
        self._sending.rate = self._steady_rate()
        await getattr(self, f"_{kind}")()
        await self._recover()
        self._done += 1

    def _steady_rate(self) -> float:
        """Return the rate at which the load lasts as long as the faults."""
        spent = (time.monotonic() - self._began) / self._done if self._done else FAULT_SECONDS
        # Failpoints that were not passed are set again at the end, and need load to be passed.
        faults = max(2, len(self._plan.faults) + len(self._points) - self._done)
        return (self._sending.size - self._sending.sent) / (spent * faults)

    async def _recover(self) -> None:
        """Wait until every partition has committed again, or up to a long or short limit."""
        is_hasty = self._random.random() < HASTY_SHARE
        deadline = time.monotonic() + (HASTE_SECONDS if is_hasty else RECOVERY_SECONDS)
        while self._watcher.is_waiting and time.monotonic() < deadline:
            self._wake()
            await asyncio.sleep(POLL_SECONDS)
        self._wake()
        await asyncio.sleep(self._random.uniform(0.2, 2.0))

    def _wake(self) -> None:
        """Continue workers that have suspended themselves when nobody waited for it any more.

        One that did not get to its step in time was frozen elsewhere, and gets there later.
        """
        for worker in self.workers:
            if not worker.is_frozen and worker.is_suspended():
                self.counts["zombies of their own"] += 1
                worker.signal(signal.SIGCONT)

    async def _victim(self) -> Child:
        while True:
            running = [w for w in self.workers if w.is_wanted and w.is_running]
            holding = [w for w in running if w.partitions()]
            if holding:
                return self._random.choice(holding)
            await asyncio.sleep(POLL_SECONDS)

    async def _killed(self) -> None:
        victim = await self._victim()
        self._watcher.killed("worker", victim.partitions(), time.time())
        victim.kill()
        self.counts["workers killed"] += 1

    async def _failpoints(self) -> None:
        """Restart a worker that is to kill itself at a step of the protocol, and wait for that."""
        victim = await self._victim()
        before = self.counts["killed at a failpoint"]
        self._next_point = self._points.pop(0)
        await victim.restart()
        deadline = time.monotonic() + FAILPOINT_SECONDS
        while self.counts["killed at a failpoint"] == before:
            if time.monotonic() > deadline:
                victim.kill()
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _zombies(self) -> None:
        """Freeze a worker while others take over, and let it wake up believing it is the owner.

        Every second one is frozen with a transaction open, right before its commit. Two of four
        wake up once others have committed for their partitions, two at about the takeover.
        """
        number = self.counts["zombies"]
        victim = await self._victim()
        partitions = victim.partitions()
        if number % 2:
            partitions = await self._frozen_at_a_point(victim)
        else:
            victim.signal(signal.SIGSTOP)
        victim.is_frozen = True
        self._watcher.killed("zombie", partitions, time.time())
        self.counts["zombies"] += 1
        if number % 4 in (0, 3):
            await self._await_takeover(partitions)
        else:
            await asyncio.sleep(self._random.uniform(*ZOMBIE_SECONDS))
        victim.is_frozen = False
        victim.signal(signal.SIGCONT)

    async def _await_takeover(self, partitions: list[int]) -> None:
        deadline = time.monotonic() + LONG_ZOMBIE_SECONDS
        while self._watcher.waits_for(partitions) and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
        await asyncio.sleep(self._random.uniform(0.0, 2.0))

    async def _frozen_at_a_point(self, victim: Child) -> list[int]:
        """Freeze a worker within a transaction, with more records waiting."""
        point = self._random.choice(("before_commit", "after_state", "before_merge_commit"))
        self._next_point = f"{point}:{self._random.randint(5, 20)}{STOP}"
        await victim.restart()
        rate, left = self._sending.rate, self._sending.size - self._sending.sent
        self._sending.rate = max(rate, min(rate * BURST, left / (2 * FIRING_SECONDS)))
        deadline = time.monotonic() + FIRING_SECONDS
        while not victim.is_suspended():
            if time.monotonic() > deadline:
                victim.signal(signal.SIGSTOP)
            await asyncio.sleep(POLL_SECONDS)
        self._sending.rate = rate
        self.counts["zombies within a transaction"] += time.monotonic() <= deadline
        return victim.partitions()

    async def _brokers(self) -> None:
        everywhere = list(range(self._plan.partitions))
        self._watcher.killed("broker", everywhere, time.time())
        await asyncio.to_thread(self._broker.kill)
        self._watcher.interrupted()
        await asyncio.sleep(self._random.uniform(0.0, 2.0))
        await asyncio.to_thread(self._broker.start)
        self._watcher.interrupted()
        self.counts["brokers killed"] += 1

    async def _gateways(self) -> None:
        assert self.gateway is not None
        self.gateway.kill()
        self.counts["gateways killed"] += 1

    async def _translators(self) -> None:
        assert self.translator is not None
        self.translator.kill()
        self.counts["translators killed"] += 1

    async def _rebalances(self) -> None:
        spare = self.workers[-1]
        if spare.is_wanted:
            partitions = spare.partitions()
            at = time.time()
            await spare.stop()
            self._watcher.killed("rebalance", partitions, at)
        else:
            spare.start()
            await asyncio.sleep(JOINING_SECONDS)
        self.counts["rebalances"] += 1

    async def _stalls(self) -> None:
        self._watcher.interrupted()
        await self._proxy.stall(self._random.uniform(*STALL_SECONDS))
        self._watcher.interrupted()
        self.counts["stalls"] += 1

    async def _late_ends(self) -> None:
        before = len(self._proxy.late_ends)
        stage = "aggregate" if self.counts["late EndTxn"] % 4 < 3 else "merge"
        # Dead letters, if there are any, are sent in a request before that with the state.
        self._proxy.let_an_end_be_late(stage, after=1 + self.counts["late EndTxn"] % 2)
        deadline = time.monotonic() + FIRING_SECONDS
        while len(self._proxy.late_ends) == before and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
        for client in self._proxy.late_ends[before:]:
            if stage == "aggregate":
                self._watcher.killed("late EndTxn", [int(client.rpartition("-")[2])], time.time())
            self.counts["late EndTxn"] += 1
