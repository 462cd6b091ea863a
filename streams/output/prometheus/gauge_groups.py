"""The gauges of one KPI and dimension, of which those of the largest members are shown."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import NamedTuple

from streams.output.prometheus.gauges import Gauge, Gauges, Lines
from streams.output.prometheus.selection import largest

WindowKey = tuple[str, str]  # its kind and its start


class Limits(NamedTuple):
    """How many values, and how many labels, of a KPI's dimension have gauges."""

    values: int
    labels: int


class Totals(NamedTuple):
    """Numbers of records, and the time of the newest in milliseconds; 0 if there is none."""

    records: int
    unnamed: int
    newest: int


class Shown(NamedTuple):
    """What to show of each member by the name of the gauge, and how much is left out."""

    lines: list[dict[str, Lines]]
    values_dropped: int
    labels_dropped: int
    totals: Totals


class Member:
    """The records of one value, by window.

    What is made of them is kept until one changes, for most are the same from scrape to scrape.
    """

    __slots__ = ("_current", "_lines", "records", "size", "totals")

    def __init__(self) -> None:
        self.records: dict[WindowKey, Gauges] = {}
        self._current: list[Gauges] | None = None
        self._lines: dict[str, Lines] | None = None
        self.size = 0.0
        self.totals = Totals(0, 0, 0)

    def replace(self, window: WindowKey, record: Gauges | None) -> None:
        """Replace the record of a window; None removes it."""
        if record is None:
            self.records.pop(window, None)
        else:
            self.records[window] = record
        self._current = self._lines = None

    def forget(self) -> None:
        """Make all of it again: the running windows have changed."""
        self._current = self._lines = None

    def forget_lines(self) -> None:
        """Make the lines again: other labels are shown."""
        self._lines = None

    def current(self, running: Collection[WindowKey]) -> list[Gauges]:
        """Return the records of running windows that have gauges."""
        if self._current is None:
            found = [each for window, each in self.records.items() if window in running]
            named = self._current = [each for each in found if each.is_named]
            newest = max((each.updated for each in found), default=0)
            self.totals = Totals(len(found), len(found) - len(named), newest)
            self.size = max((each.size for each in named), default=0.0)
        return self._current

    def lines(self, current: Iterable[Gauges], labels: Collection[str] | None) -> dict[str, Lines]:
        """Return the lines by name of the gauge; with `labels`, of those alone."""
        if self._lines is None:
            by_name: dict[str, list[Gauge]] = {}
            for record in current:
                for gauge in record.values:
                    if labels is None or gauge.label in labels:
                        by_name.setdefault(gauge.name, []).append(gauge)
            self._lines = {name: Lines.of(gauges) for name, gauges in by_name.items()}
        return self._lines


class GaugeGroup:
    """The members of one KPI and dimension, by value."""

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self._values: set[str] = set()
        self._labels: set[str] = set()

    def replace(self, window: WindowKey, value: str, record: Gauges | None) -> None:
        """Replace the record of a value and window; None removes it."""
        member = self.members.get(value)
        if member is None:
            if record is None:
                return
            member = self.members[value] = Member()
        member.replace(window, record)
        if not member.records:
            del self.members[value]

    def follow(self, ended: set[WindowKey]) -> None:
        """Remove the records of ended windows; the running windows have changed."""
        for value, member in list(self.members.items()):
            member.forget()
            for window in ended & member.records.keys():
                self.replace(window, value, None)

    def shown(self, running: Collection[WindowKey], limits: Limits) -> Shown:
        """Return the lines of running windows, of no more members than the limits allow.

        What the last call returned is preferred to what is about as large.
        """
        current: dict[str, list[Gauges]] = {}
        sizes: dict[str, float] = {}
        totals: list[Totals] = []
        for value, member in self.members.items():
            found = member.current(running)
            totals.append(member.totals)
            if found:
                current[value], sizes[value] = found, member.size
        self._values = largest(sizes, limits.values, self._values)
        labels, labels_dropped = self._shown_labels(current, limits.labels)
        lines = [
            self.members[value].lines(found, labels)
            for value, found in current.items()
            if value in self._values
        ]
        return Shown(lines, len(sizes) - len(self._values), labels_dropped, total(totals))

    def _shown_labels(
        self, current: dict[str, list[Gauges]], limit: int
    ) -> tuple[set[str] | None, int]:
        """Return the labels to show, the empty one for targets; None where there are none."""
        records = [each for found in current.values() for each in found if each.is_labelled]
        if not records:
            return None, 0
        sizes: Counter[str] = Counter()
        for record in records:
            for gauge in record.values:
                if gauge.label:
                    sizes[gauge.label] = max(sizes[gauge.label], int(gauge.value))
        labels = largest(sizes, limit, self._labels)
        if labels != self._labels:
            self._labels = labels
            for member in self.members.values():
                member.forget_lines()
        return {"", *labels}, len(sizes) - len(labels)


def total(parts: Iterable[Totals]) -> Totals:
    """Add numbers of records up."""
    records, unnamed, newest = 0, 0, 0
    for part in parts:
        records += part.records
        unnamed += part.unnamed
        newest = max(newest, part.newest)
    return Totals(records, unnamed, newest)
