"""One installation after another on one Kafka, with the events of a benchmark in it."""

import asyncio
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from streams.bench.meter import Meter
from streams.bench.options import CatalogueChoice
from streams.bench.processes import BenchFailed, Running, worker
from streams.bench.workload import Event, lines
from streams.broker.embedded import EmbeddedKafka
from streams.config.settings import Settings
from streams.internal_topics.progress import await_settled
from streams.kafka import topics
from streams.kafka.reader import ends
from streams.operations.ingest import ingest
from streams.process.environment import environment

# Half a million leads are added up within an hour on a slow machine; whether the worker is still
# there is looked at more often.
SETTLED_SECONDS, LOOK_SECONDS = 3_600.0, 10.0


class Installation:
    """An installation that is renewed for each measurement.

    Each has an `app` of its own, so that a worker finds neither state nor group of an earlier one.

    Attributes:
        settings: Those of the present installation; valid after the first `renew`.
    """

    def __init__(self, kafka: EmbeddedKafka, folder: Path) -> None:
        self.settings = Settings(bootstrap=kafka.bootstrap)
        self.kafka = kafka
        self.folder = folder
        self._number = 0

    def renew(self, choice: CatalogueChoice, *, keep_events: bool = False) -> None:
        """Delete what workers have written, and the events as well; create the topics again."""
        old = self.settings
        names = set(topics.written(old) if keep_events else (t.name for t in topics.wanted(old)))
        self._number += 1
        rules = self.folder / "rules.toml"
        rules.write_text(choice.rules)
        self.settings = replace(
            Settings(bootstrap=old.bootstrap), app=f"bench-{self._number}", rules=rules
        )
        asyncio.run(recreate(old, self.settings, names))

    def send(self, events: Iterable[Event]) -> None:
        """Write events to Kafka. Raises BenchFailed if one was not accepted."""
        file = self.folder / "events.jsonl"
        with file.open("wb") as stream:
            stream.writelines(lines(events))
        result = ingest(file, self.settings, Console(quiet=True))
        file.unlink()
        if result.rejected:
            raise BenchFailed(f"{result.rejected} events were not accepted: {result.bad[0]}")

    @contextmanager
    def worker(self, processes: int = 1) -> Iterator[Running]:
        """Run a worker; yield it once it is ready."""
        with worker(self.folder / "worker.log", environment(self.settings), processes) as it:
            yield it

    def meter(self) -> Meter:
        """Return a meter of this installation."""
        return Meter(self.settings, self.kafka.pid)

    def settle(self, worker: Running) -> None:
        """Wait until a worker has published all events. Raises BenchFailed if it does not."""
        deadline = time.monotonic() + SETTLED_SECONDS
        while not (found := asyncio.run(await_settled(self.settings, LOOK_SECONDS))).is_settled:
            if not worker.child.is_running:
                raise BenchFailed(f"the worker ended:\n{worker.child.last_lines()}")
            if time.monotonic() > deadline:
                raise BenchFailed(f"not settled after {SETTLED_SECONDS:.0f} s: {found}")


async def recreate(old: Settings, new: Settings, names: Collection[str]) -> None:
    """Delete topics of an installation that have records, and create those that are missing."""
    places = [each for each in topics.all_partitions(old) if each.topic in names]
    existing = await topics.counts(old, names)
    places = [each for each in places if each.topic in existing]
    await topics.delete(old, {at.topic for at, end in (await ends(old, places)).items() if end})
    await topics.apply(new)
