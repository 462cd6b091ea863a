"""The figures of a benchmark: each with all its repeats, as tables and as JSON."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec
from rich.box import SIMPLE_HEAD
from rich.table import Table


class Quantity(NamedTuple):
    """What is measured, and in which unit."""

    name: str
    unit: str


class Figure(msgspec.Struct, frozen=True):
    """One quantity in one case of a part: the median of its repeats, and each of them."""

    part: str
    case: str
    quantity: str
    unit: str
    median: float
    repeats: list[float]


class ResultsFile(msgspec.Struct, frozen=True):
    """The JSON form of a run; `options` are those it was started with."""

    version: str
    began: str
    processors: int
    options: dict[str, object]
    figures: list[Figure]


class Results:
    """The figures of a run, in the order in which they were first measured."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str, Quantity], list[float]] = {}

    def add(self, part: str, case: str, values: Mapping[Quantity, float]) -> None:
        """Add one measurement of a case."""
        for quantity, value in values.items():
            self._values.setdefault((part, case, quantity), []).append(value)

    def median(self, part: str, case: str, quantity: Quantity) -> float:
        """Return a figure. Raises KeyError if it was not measured."""
        return median(self._values[part, case, quantity])

    def figures(self) -> list[Figure]:
        """Return all figures, those of one part together."""
        parts = list(dict.fromkeys(part for part, _, _ in self._values))
        return [
            Figure(part, case, *quantity, median(values), values)
            for chosen in parts
            for (part, case, quantity), values in self._values.items()
            if part == chosen
        ]

    def table(self, part: str) -> Table:
        """Return a part's table: a column for each case, a row for each quantity."""
        figures = [figure for figure in self.figures() if figure.part == part]
        cases = list(dict.fromkeys(figure.case for figure in figures))
        cells = {
            ((figure.quantity, figure.unit), figure.case): cell(figure.repeats)
            for figure in figures
        }
        table = Table(
            *("", "", *cases),
            title=part,
            title_justify="left",
            title_style="bold",
            box=SIMPLE_HEAD,
        )
        for column in table.columns[2:]:
            column.justify = "right"
        for name, unit in dict.fromkeys(quantity for quantity, _ in cells):
            row = (cells.get(((name, unit), case), "") for case in cases)
            table.add_row(name, unit, *row)
        return table

    def write(self, file: Path, began: str, processors: int, options: dict[str, object]) -> None:
        """Write all figures to a file as JSON."""
        content = ResultsFile(
            version("sales-kpi-streams"), began, processors, options, self.figures()
        )
        file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")


def cell(repeats: list[float]) -> str:
    """Write the median, and below it the smallest and the largest repeat if there are several."""
    middle = number(median(repeats))
    if len(repeats) == 1:
        return middle
    return f"{middle}\n[dim]{number(min(repeats))}–{number(max(repeats))}[/dim]"


def number(value: float) -> str:
    """Write a figure with about three digits, and no fewer than those of its whole part."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"
