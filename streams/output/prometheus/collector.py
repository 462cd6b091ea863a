"""The KPIs of the current windows as gauges for Prometheus."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from threading import Lock
from typing import NamedTuple

import msgspec
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from streams.config.settings import Settings
from streams.engine.catalogue.catalogue import Catalogue
from streams.output.keys import parse_key
from streams.output.prometheus.gauge_groups import GaugeGroup, Limits, Totals, WindowKey, total
from streams.output.prometheus.gauges import (
    GaugeFamily,
    end_of,
    gauges,
    milliseconds,
)
from streams.output.prometheus.naming import AIMED, naming

# Customers are never labels.
HIDDEN_DIMENSIONS = frozenset({"account"})
RECORDS = "sales_kpi_records"
UNNAMED = "sales_kpi_records_unnamed"
VALUES_DROPPED = "sales_kpi_values_dropped"
LABELS_DROPPED = "sales_kpi_labels_dropped"
UPDATED = "sales_kpi_last_update_timestamp_seconds"
OWN = {
    RECORDS: "Records of current windows known to this process.",
    UNNAMED: "Records of current windows without gauges, because this version does not know their"
    " KPI or reports in another currency.",
    VALUES_DROPPED: "Values of a KPI's dimension without gauges; the largest have them.",
    LABELS_DROPPED: "Labels of a KPI's dimension without gauges; the most frequent have them.",
    UPDATED: "Time at which the newest known record was written.",
}


class _Window(NamedTuple):
    """Start and end of a window in milliseconds."""

    start: int
    end: int


class KpiCollector(Collector):
    """A view that collects the records of current windows as a limited number of gauges.

    It exposes the KPIs and windows of the settings, and of each KPI and dimension the largest
    values and the most frequent labels. The number of those left out is a gauge too. A gauge is
    removed with its record, when its window ends, and when others have become larger. An update
    is cheap: records are decoded by `decode` or `collect`, which may run on another thread than
    `update`.
    """

    def __init__(
        self, catalogue: Catalogue, settings: Settings, clock: Callable[[], int] | None = None
    ) -> None:
        currency = catalogue.definitions.currency
        self._clock = clock or settings.clock
        self._limits = Limits(settings.metrics_values, settings.metrics_labels)
        self._shown_windows = frozenset(settings.metrics_windows)
        self._shown_kpis = frozenset(settings.metrics_kpis)
        self._namings = {kpi.name: naming(kpi, currency) for kpi in catalogue.published}
        self._windows: dict[WindowKey, _Window] = {}
        self._undecoded: dict[str, bytes | None] = {}
        self._groups: defaultdict[tuple[str, str], GaugeGroup] = defaultdict(GaugeGroup)
        self._held: set[WindowKey] = set()
        self._running: set[WindowKey] = set()
        self._collecting = Lock()

    @property
    def undecoded(self) -> int:
        """Number of changed records that are not decoded yet."""
        return len(self._undecoded)

    def update(self, key: str, record: bytes | None) -> None:
        """Replace a key's record by the newest; None removes it."""
        about, window, start = key.rsplit("|", 2)
        kpi, _, scope = about.partition("|")
        if window not in self._shown_windows or scope.partition("=")[0] in HIDDEN_DIMENSIONS:
            return
        if self._shown_kpis and kpi not in self._shown_kpis:
            return
        # Most of the topic is history, which the window alone shows.
        period = self._windows.get((window, start))
        if period is None:
            if record is None:
                return
            period = self._windows[window, start] = _Window(milliseconds(start), end_of(record))
        if period.end > self._clock():
            self._undecoded[key] = record

    def decode(self) -> None:
        """Decode the records that have changed, and drop those of ended windows."""
        with self._collecting:
            self._decode()

    def describe(self) -> list[Metric]:
        """Return every possible gauge, without values."""
        own = [Metric(name, text, "gauge") for name, text in OWN.items()]
        return [*self._families(), *own]

    def collect(self) -> list[Metric]:
        """Return the gauges that have values now."""
        with self._collecting:
            self._decode()
            families = {family.name: family for family in self._families()}
            own = {name: Metric(name, text, "gauge") for name, text in OWN.items()}
            totals: list[Totals] = []
            for (kpi, dimension), group in self._groups.items():
                shown = group.shown(self._running, self._limits)
                totals.append(shown.totals)
                for by_name in shown.lines:
                    for name, lines in by_name.items():
                        families[name].lines.append(lines)
                for name, dropped in (
                    (VALUES_DROPPED, shown.values_dropped),
                    (LABELS_DROPPED, shown.labels_dropped),
                ):
                    if dropped:
                        own[name].add_sample(name, {"kpi": kpi, "dimension": dimension}, dropped)
            for sample in _totals(total(totals)):
                own[sample.name].samples.append(sample)
        return [
            *(family for family in families.values() if family.lines),
            *(family for family in own.values() if family.samples),
        ]

    def _families(self) -> Iterator[GaugeFamily]:
        for named in self._namings.values():
            for name, text in named.families.items():
                yield GaugeFamily(name, text)
        for name, text in AIMED.items():
            yield GaugeFamily(name, text)

    def _decode(self) -> None:
        """Decode what has changed, drop what has ended, and follow the running windows."""
        # `popitem` is one step for the interpreter: `update` cannot come between.
        for _ in range(len(self._undecoded)):
            key, record = self._undecoded.popitem()
            at = parse_key(key)
            where = (at.window, at.start)
            try:
                decoded = None if record is None else gauges(at, record, self._namings)
            except msgspec.DecodeError:
                # What cannot be read fails each scrape: a gauge that is silently missing is worse.
                self._undecoded.setdefault(key, record)
                raise
            self._groups[at.kpi, at.dimension].replace(where, at.value, decoded)
            self._held.add(where)
        now = self._clock()
        ended = {where for where in self._held if self._windows[where].end <= now}
        self._held -= ended
        running = {where for where in self._held if self._windows[where].start <= now}
        if ended or running != self._running:
            self._running = running
            for about, group in list(self._groups.items()):
                group.follow(ended)
                if not group.members:
                    del self._groups[about]


def _totals(found: Totals) -> Iterator[Sample]:
    """Yield the numbers of records, and the time of the newest."""
    yield Sample(RECORDS, {}, found.records)
    yield Sample(UNNAMED, {}, found.unnamed)
    if found.records:
        yield Sample(UPDATED, {}, found.newest / 1000)
