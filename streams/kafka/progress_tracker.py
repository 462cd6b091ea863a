"""Progress of long work: each step is reported to the tracker that the work was started with."""

import asyncio
import time
from collections.abc import Coroutine
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

Result = TypeVar("Result")


class ProgressTracker:
    """When some work last made progress.

    An asyncio task inherits its tracker from the task that started it, as part of its context.

    Attributes:
        last_progress_at: Monotonic seconds; at first, when this was made.
    """

    def __init__(self) -> None:
        self.last_progress_at = time.monotonic()

    def create_task(self, work: Coroutine[Any, Any, Result], name: str) -> "asyncio.Task[Result]":
        """Start work whose reports, and those of the tasks that it starts, are noted here."""
        context = copy_context()
        context.run(_current.set, self)
        return asyncio.create_task(work, name=name, context=context)


_current: ContextVar[ProgressTracker | None] = ContextVar("progress_tracker", default=None)


def report_progress() -> None:
    """Report a step of the current work to the tracker that it was started with, if any."""
    tracker = _current.get()
    if tracker is not None:
        tracker.last_progress_at = time.monotonic()
