"""A screen on which only what changed is written anew."""

from rich.console import Console, RenderableType
from rich.segment import Segment


class Canvas:
    """Draws on a console's alternate screen.

    Lines that stay as they were are not touched, so that what somebody has marked there, to
    copy it, stays marked.
    """

    def __init__(self, console: Console) -> None:
        """Take a console whose alternate screen is on."""
        self._console = console
        self._size = console.size
        self._lines: list[list[Segment]] = []

    def show(self, picture: RenderableType) -> None:
        """Make the screen show this, cut to its size."""
        console = self._console
        if console.size != self._size:
            self._size, self._lines = console.size, []
        width, height = self._size
        lines = console.render_lines(picture, console.options.update(width=width))[:height]
        lines += [[Segment(" " * width)] for _ in range(height - len(lines))]
        for row, line in enumerate(lines):
            if row >= len(self._lines) or self._lines[row] != line:
                console.update_screen_lines([line], 0, row)
        self._lines = lines
