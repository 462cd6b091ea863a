"""`sales-kpis bench --compare BEFORE AFTER`: the figures of two runs side by side."""

from pathlib import Path

import msgspec
from rich.box import SIMPLE_HEAD
from rich.table import Table

from streams.bench.results import Figure, ResultsFile, number


class NoResults(Exception):
    """A file that no benchmark has written; the message names it and says why."""


def compare(before: Path, after: Path) -> Table:
    """Return a table of the medians of both runs, with ratios of the second to the first.

    A figure that only one of them has is listed without a ratio. Raises NoResults and OSError.
    """
    first, second = figures(before), figures(after)
    table = Table("part", "case", "figure", before.name, after.name, "ratio", box=SIMPLE_HEAD)
    for column in table.columns[3:]:
        column.justify = "right"
    shown: tuple[str, str] | None = None
    for key in dict.fromkeys([*first, *second]):
        part, case, quantity, unit = key
        old, new = first.get(key), second.get(key)
        place = (part, case) if (part, case) != shown else ("", "")
        shown = part, case
        table.add_row(
            *place, f"{quantity} [dim]{unit}[/dim]", text(old), text(new), ratio(old, new)
        )
    return table


def figures(file: Path) -> dict[tuple[str, str, str, str], Figure]:
    """Return the figures of a file by what they are of. Raises NoResults and OSError."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=ResultsFile)
    except msgspec.MsgspecError as error:
        raise NoResults(f"{file} was not written by `bench --json`: {error}") from error
    return {(each.part, each.case, each.quantity, each.unit): each for each in found.figures}


def text(figure: Figure | None) -> str:
    """Write a median; nothing for a figure that is not there."""
    return "" if figure is None else number(figure.median)


def ratio(old: Figure | None, new: Figure | None) -> str:
    """Write how many times the old median the new one is, where that can be said."""
    if old is None or new is None or not old.median:
        return ""
    return f"{new.median / old.median:.2f}"
