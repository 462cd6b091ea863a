"""The KPIs of the current windows as gauges for Prometheus."""

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
MAX_LABELS = 50
# Customers are never labels; an hour is over before a dashboard has shown it.
HIDDEN_DIMENSIONS = frozenset({"account"})
HIDDEN_WINDOWS = frozenset({"hour"})
RECORDS = "sales_kpi_records"
UNNAMED = "sales_kpi_records_unnamed"
VALUES_DROPPED = "sales_kpi_values_dropped"
LABELS_DROPPED = "sales_kpi_labels_dropped"
UPDATED = "sales_kpi_last_update_timestamp_seconds"
OWN = {
    RECORDS: "Records of current windows known to this process.",
    UNNAMED: "Records of current windows without gauges, because this version does not know their"
    " KPI or reports in another currency.",
    VALUES_DROPPED: "Values of a KPI's dimension without gauges; the first by name have them.",
    LABELS_DROPPED: "Labels of a KPI's dimension without gauges; the first by name have them.",
    UPDATED: "Time at which the newest known record was written.",
}
_Group = tuple[str, str]  # a KPI and a dimension


class _Window(NamedTuple):
    """Start and end of a window in milliseconds."""

    start: int
    end: int


class _Shown(NamedTuple):
    """The values and labels of a group that have gauges."""

    values: set[str]
    labels: set[str]


class KpiCollector(Collector):
    """A view that collects the records of current windows as a limited number of gauges.

    Of each KPI and dimension it exposes the first `values` values by name, and the first `labels`
    labels: workers with the same records expose the same. The number of those left out is a gauge
    too. A gauge is removed with its record, and when its window ends. An update is cheap: records
    are decoded when Prometheus scrapes. `collect` may run on another thread than `update`. `clock`
    returns milliseconds.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        clock: Callable[[], int],
        *,
        values: int = MAX_VALUES,
        labels: int = MAX_LABELS,
    ) -> None:
        currency = catalogue.definitions.currency
        self._clock = clock
        self._limits = values, labels
        self._namings = {kpi.name: naming(kpi, currency) for kpi in catalogue.published}
        self._windows: dict[tuple[str, str], _Window] = {}
        self._latest: dict[str, bytes] = {}
        self._next_end: int | None = None
        self._read: dict[str, Gauges] = {}
        self._collecting = Lock()

    def update(self, key: str, record: bytes | None) -> None:
        """Replace a key's record by the newest; None removes it."""
        about, window, start = key.rsplit("|", 2)
        if window in HIDDEN_WINDOWS or _dimension(about) in HIDDEN_DIMENSIONS:
            return
        if record is None:
            self._latest.pop(key, None)
            return
        now = self._clock()
        if self._next_end is not None and self._next_end <= now:
            self._drop_ended(now)
        # Most of the topic is history, which the window alone shows.
        period = self._windows.get((window, start))
        if period is None:
            period = self._windows[window, start] = _Window(milliseconds(start), end_of(record))
        if period.end <= now:
            return
        self._latest[key] = record
        if self._next_end is None or period.end < self._next_end:
            self._next_end = period.end

    def describe(self) -> list[Metric]:
        """Return every possible gauge, without values."""
        own = [Metric(name, text, "gauge") for name, text in OWN.items()]
        return [*self._families(), *own]

    def collect(self) -> list[Metric]:
        """Return the gauges that have values now."""
        with self._collecting:
            running = self._running(self._clock())
            shown, dropped = self._choose(running)
            families = {family.name: family for family in self._families()}
            for each in running:
                values, labels = shown[each.kpi, each.dimension]
                if each.value_label in values:
                    for gauge in each.values:
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
        for named in self._namings.values():
            for name, text in named.families.items():
                yield GaugeFamily(name, text)
        for name, text in AIMED.items():
            yield GaugeFamily(name, text)

    def _running(self, now: int) -> list[Gauges]:
        """Decode records that are new since the last call; return those of current windows."""
        # One step for the interpreter: `update` cannot come between.
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
        return [each for each in read.values() if runs[each.window, each.start]]

    def _drop_ended(self, now: int) -> None:
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
        """Return the values and labels to expose of each group, and the numbers left out."""
        values: defaultdict[_Group, set[str]] = defaultdict(set)
        labels: defaultdict[_Group, set[str]] = defaultdict(set)
        for each in running:
            group = each.kpi, each.dimension
            values[group].add(each.value_label)
            if each.is_labelled:
                labels[group].update([gauge.label for gauge in each.values])
        shown, dropped = {}, []
        for group in values:
            exposed = shown[group] = _Shown(
                _first(values[group], self._limits[0]), _first(labels[group], self._limits[1])
            )
            identity = dict(zip(("kpi", "dimension"), group, strict=True))
            for name, some, every in (
                (VALUES_DROPPED, exposed.values, values[group]),
                (LABELS_DROPPED, exposed.labels, labels[group]),
            ):
                if len(some) < len(every):
                    dropped.append(Sample(name, identity, len(every) - len(some)))
        return shown, dropped


def _own(running: list[Gauges]) -> Iterator[Sample]:
    yield Sample(RECORDS, {}, len(running))
    yield Sample(UNNAMED, {}, sum(not each.is_named for each in running))
    if running:
        yield Sample(UPDATED, {}, max(each.updated for each in running) / 1000)


def _first(names: set[str], limit: int) -> set[str]:
    return names if len(names) <= limit else set(nsmallest(limit, names))


def _dimension(about: str) -> str:
    return about.partition("|")[2].partition("=")[0]
