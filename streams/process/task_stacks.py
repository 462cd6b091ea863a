"""Where asyncio tasks wait, down to the innermost await: stacks of threads do not show it."""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from types import FrameType
from typing import Any

log = logging.getLogger(__name__)
# The attributes in which coroutines, generators and asynchronous generators keep their frame,
# and what they wait for.
FRAMES = ("cr_frame", "gi_frame", "ag_frame")
AWAITED = ("cr_await", "gi_yieldfrom", "ag_await")
# Enough of a path to distinguish modules of the same name.
PATH_PARTS = 3


def log_tasks(reason: str, loop: asyncio.AbstractEventLoop) -> None:
    """Log a warning for each unfinished task of a loop: its name, and the frames it waits in."""
    tasks = asyncio.all_tasks(loop)
    log.warning("%s: %d tasks wait", reason, len(tasks))
    for name, *stack in stacks(tasks):
        log.warning("%s %s", name, " > ".join(stack))


def stacks(tasks: Iterable[asyncio.Task[Any]]) -> Iterator[list[str]]:
    """Yield for each unfinished task its name, then a line per frame, outermost first."""
    for task in sorted(tasks, key=lambda task: task.get_name()):
        if not task.done():
            yield [f"Task {task.get_name()}:", *frames(task.get_coro())]


def frames(awaited: Any) -> Iterator[str]:
    """Yield `file:line function` for each frame of what a task waits for, outermost first."""
    while awaited is not None:
        frame: FrameType | None = _first(awaited, FRAMES)
        if frame is None:
            yield repr(awaited)
            return
        code = frame.f_code
        path = "/".join(PurePath(code.co_filename).parts[-PATH_PARTS:])
        yield f"{path}:{frame.f_lineno} {code.co_name}"
        awaited = _first(awaited, AWAITED)


def _first(holder: Any, names: tuple[str, ...]) -> Any:
    return next((found for name in names if (found := getattr(holder, name, None))), None)
