"""What a benchmark is doing: bars on a terminal, a line for each measurement elsewhere."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from streams.bench.results import Quantity, number

T = TypeVar("T")
UPDATE_EVERY = 1_000


class Steps:
    """Shows the step that is being done for the length of a block."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        """Begin to show bars."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove them."""
        self._progress.stop()

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show a step whose end is not known before it has come."""
        task = self._progress.add_task(text, total=None)
        try:
            yield
        finally:
            self._progress.remove_task(task)

    def each(self, text: str, items: Iterable[T], total: int) -> Iterator[T]:
        """Yield items, and show how many of them are done."""
        task = self._progress.add_task(text, total=total)
        try:
            for done, item in enumerate(items):
                if done % UPDATE_EVERY == 0:
                    self._progress.update(task, completed=done)
                yield item
        finally:
            self._progress.remove_task(task)

    def measured(self, part: str, case: str, values: Mapping[Quantity, float]) -> None:
        """Print one measurement, which has to last until the part's table."""
        listed = "; ".join(
            f"{name} {number(value)} {unit}" for (name, unit), value in values.items()
        )
        self._console.print(
            f"{part}, {case}: {listed}", style="dim", highlight=False, soft_wrap=True
        )
