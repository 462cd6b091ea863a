"""Processes that translate, which a test starts, stops and kills."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from streams.config.settings import Settings
from streams.operations.sources.backlog import backlog
from tests.installation.installed import eventually
from tests.worker.processes import Worker

READY = re.compile(r"ready: partitions ([\d, ]*)")


class Translating(Worker):
    """One process `sales-kpis translate` with its log."""

    def partitions(self) -> set[int]:
        """The partitions of the inbox that it was assigned last."""
        found = READY.findall(self.log_text())
        return {int(number) for number in found[-1].split(",") if number} if found else set()

    async def is_ready(self) -> Self:
        """Wait until it has joined the group."""

        async def has_joined() -> bool:
            assert self.process.poll() is None, self.log_text()
            return bool(READY.search(self.log_text()))

        await eventually(has_joined)
        return self


@dataclass
class Processes:
    """All processes of a test that translate."""

    settings: Settings
    folder: Path
    started: list[Translating] = field(default_factory=list)

    def start(self) -> Translating:
        """Start one more."""
        log = self.folder / f"translate-{len(self.started)}.log"
        process = Translating(self.settings, log, "streams.cli", "translate")
        self.started.append(process)
        return process

    async def translated(self) -> None:
        """Wait until the whole inbox is translated."""

        async def nothing_waits() -> bool:
            assert any(each.process.poll() is None for each in self.started), self.logs()
            return await backlog(self.settings) == 0

        await eventually(nothing_waits)

    def logs(self) -> str:
        """All that they have logged."""
        return "\n".join(each.log_text() for each in self.started)


@contextmanager
def translating(settings: Settings, folder: Path) -> Iterator[Processes]:
    """Yield the processes of a test, which end with it."""
    processes = Processes(settings, folder)
    try:
        yield processes
    finally:
        for each in processes.started:
            each.close()
        print(processes.logs(), file=sys.stderr)  # noqa: T201 - pytest shows it where a test fails
