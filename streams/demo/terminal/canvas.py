"""A screen on which only changed lines are written again."""

from rich.console import Console, RenderableType
from rich.segment import Segment


class Canvas:
    """Draws on a console's alternate screen.

    Its alternate screen has to be on. Unchanged lines are not touched, so that text that somebody
    has selected there, to copy it, stays selected.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._size = console.size
        self._lines: list[list[Segment]] = []

    def show(self, picture: RenderableType) -> None:
        """Show a picture, cut to the size of the screen."""
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
