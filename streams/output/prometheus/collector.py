"""The KPIs of the windows that run now, as gauges for Prometheus."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import nsmallest
from threading import Lock
from typing import NamedTuple

from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from streams.engine.catalogue.catalogue import Catalogue
from streams.output.prometheus.gauges import (
    GaugeFamily,
    Gauges,
    end_of,
    gauges,
    milliseconds,
)
from streams.output.prometheus.naming import AIMED, naming

MAX_VALUES = 200
LABELS = 50
# Customers are never labels; an hour is over before a dashboard has drawn it.
HIDDEN_DIMENSIONS = frozenset({"account"})
HIDDEN_WINDOWS = frozenset({"hour"})
RECORDS = "sales_kpi_records"
UNNAMED = "sales_kpi_records_unnamed"
VALUES_DROPPED = "sales_kpi_values_dropped"
LABELS_DROPPED = "sales_kpi_labels_dropped"
UPDATED = "sales_kpi_last_update_timestamp_seconds"
OWN = {
    RECORDS: "Records of running windows known to this process.",
    UNNAMED: "Those of them without gauges, because this version does not know their KPI"
    " or reports in another currency.",
    VALUES_DROPPED: "Members of a KPI's dimension left without gauges;"
    " the first by name have them.",
    LABELS_DROPPED: "Labels of a KPI's dimension left without gauges; the first by name have them.",
    UPDATED: "When the newest of the records known was written.",
}
_Group = tuple[str, str]  # a KPI and a dimension


class _Window(NamedTuple):
    """When a window runs, in milliseconds."""

    start: int
    end: int


class _Shown(NamedTuple):
    """The values and labels of a group that have gauges."""

    values: set[str]
    labels: set[str]


class KpiCollector(Collector):
    """A view that gives the records of running windows as gauges, at most so many.

    Of each KPI and dimension it shows the first `values` values by name, and the first
    `labels` labels: workers that know the same show the same. How many are left out is a
    gauge too. A gauge goes with its record, and when its window ends. Keeping a record costs
    next to nothing: it is read when Prometheus asks. `collect` may run on another thread than
    `put`.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        clock: Callable[[], int],
        *,
        values: int = MAX_VALUES,
        labels: int = LABELS,
    ) -> None:
        """Start empty; `clock` gives milliseconds."""
        currency = catalogue.definitions.currency
        self._clock = clock
        self._limits = values, labels
        self._namings = {kpi.name: naming(kpi, currency) for kpi in catalogue.published}
        self._windows: dict[tuple[str, str], _Window] = {}
        self._latest: dict[str, bytes] = {}
        self._next_end: int | None = None
        self._read: dict[str, Gauges] = {}
        self._feeding = Lock()

    def update(self, key: str, record: bytes | None) -> None:
        """Take a key's newest record; None: it is gone."""
        about, window, start = key.rsplit("|", 2)
        if window in HIDDEN_WINDOWS or _dimension(about) in HIDDEN_DIMENSIONS:
            return
        if record is None:
            self._latest.pop(key, None)
            return
        now = self._clock()
        if self._next_end is not None and self._next_end <= now:
            self._forget(now)
        # Most of the topic is history, told by the window alone.
        runs = self._windows.get((window, start))
        if runs is None:
            runs = self._windows[window, start] = _Window(milliseconds(start), end_of(record))
        if runs.end <= now:
            return
        self._latest[key] = record
        if self._next_end is None or runs.end < self._next_end:
            self._next_end = runs.end

    def describe(self) -> list[Metric]:
        """Give every gauge there can be, without values."""
        own = [Metric(name, text, "gauge") for name, text in OWN.items()]
        return [*self._families(), *own]

    def collect(self) -> list[Metric]:
        """Give the gauges that have values now."""
        with self._feeding:
            running = self._running(self._clock())
            shown, dropped = self._choose(running)
            families = {family.name: family for family in self._families()}
            for one in running:
                values, labels = shown[one.kpi, one.dimension]
                if one.value_label in values:
                    for gauge in one.values:
                        if not gauge.label or gauge.label in labels:
                            families[gauge.name].gauges.append(gauge)
        own = {name: Metric(name, text, "gauge") for name, text in OWN.items()}
        for sample in (*_own(running), *dropped):
            own[sample.name].samples.append(sample)
        return [
            *(family for family in families.values() if family.gauges),
            *(family for family in own.values() if family.samples),
        ]

    def _families(self) -> Iterator[GaugeFamily]:
        for one in self._namings.values():
            for name, text in one.families.items():
                yield GaugeFamily(name, text)
        for name, text in AIMED.items():
            yield GaugeFamily(name, text)

    def _running(self, now: int) -> list[Gauges]:
        """Read what is new since the last time, and give all that runs now."""
        # One step for the interpreter: `put` cannot come between.
        latest = self._latest.copy()
        known, read = self._read, {}
        for key, record in latest.items():
            before = known.get(key)
            if before is None or before.record is not record:
                before = gauges(key, record, self._namings)
            read[key] = before
        self._read = read
        windows = self._windows.copy()
        runs = {where: window.start <= now < window.end for where, window in windows.items()}
        return [one for one in read.values() if runs[one.window, one.start]]

    def _forget(self, now: int) -> None:
        """Drop the records whose window has ended."""
        ends: list[int] = []
        for key in list(self._latest):
            _, window, start = key.rsplit("|", 2)
            end = self._windows[window, start].end
            if end <= now:
                del self._latest[key]
            else:
                ends.append(end)
        self._next_end = min(ends, default=None)

    def _choose(self, running: Iterable[Gauges]) -> tuple[Mapping[_Group, _Shown], list[Sample]]:
        """Give what each group shows, and how much it leaves out."""
        values: defaultdict[_Group, set[str]] = defaultdict(set)
        labels: defaultdict[_Group, set[str]] = defaultdict(set)
        for one in running:
            group = one.kpi, one.dimension
            values[group].add(one.value_label)
            if one.is_labelled:
                labels[group].update([gauge.label for gauge in one.values])
        shown, dropped = {}, []
        for group in values:
            some = _Shown(
                _first(values[group], self._limits[0]), _first(labels[group], self._limits[1])
            )
            shown[group] = some
            where = dict(zip(("kpi", "dimension"), group, strict=True))
            for name, kept, whole in (
                (VALUES_DROPPED, some.values, values[group]),
                (LABELS_DROPPED, some.labels, labels[group]),
            ):
                if len(kept) < len(whole):
                    dropped.append(Sample(name, where, len(whole) - len(kept)))
        return shown, dropped


def _own(running: list[Gauges]) -> Iterator[Sample]:
    yield Sample(RECORDS, {}, len(running))
    yield Sample(UNNAMED, {}, sum(not one.is_named for one in running))
    if running:
        yield Sample(UPDATED, {}, max(one.updated for one in running) / 1000)


def _first(names: set[str], limit: int) -> set[str]:
    return names if len(names) <= limit else set(nsmallest(limit, names))


def _dimension(about: str) -> str:
    return about.partition("|")[2].partition("=")[0]
