"""Periodic output of the demo: a screen, or lines where there is no terminal."""

import asyncio
from collections import deque
from collections.abc import Callable

from rich.console import Console

from streams.demo.terminal.canvas import Canvas
from streams.demo.terminal.screen import (
    Addresses,
    Pulse,
    draw,
    snapshot,
)
from streams.demo.terminal.shown_values import ShownValues

FRAME_SECONDS = 0.4
LINES_SECONDS = 5.0
RATE_SECONDS = 5.0


class Rate:
    """Events per second over the last RATE_SECONDS."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def at(self, seconds: float, count: int) -> float:
        """Record the number of events so far at an instant and return the rate."""
        self._samples.append((seconds, count))
        while len(self._samples) > 2 and self._samples[1][0] <= seconds - RATE_SECONDS:
            self._samples.popleft()
        since, before = self._samples[0]
        return (count - before) / (seconds - since) if seconds > since else 0.0


async def show(
    console: Console,
    values: ShownValues,
    addresses: Addresses,
    pulse: Callable[[], Pulse],
    clock: Callable[[], int],
) -> None:
    """Show the values until cancelled: on the whole screen if `console` is a terminal."""
    if not console.file.isatty() or console.is_dumb_terminal:
        while True:
            await asyncio.sleep(LINES_SECONDS)
            text = snapshot(values, pulse(), clock())
            console.print(text, markup=False, highlight=False, soft_wrap=True)
    with console.screen():
        canvas = Canvas(console)
        while True:
            canvas.show(draw(values, pulse(), addresses, clock(), *console.size))
            await asyncio.sleep(FRAME_SECONDS)
