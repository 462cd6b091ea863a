"""The current alerts: as lines of JSON, and as a gauge for Prometheus."""

from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing

import orjson
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from streams.alerts import KINDS
from streams.config.declaration import BadSetting
from streams.config.settings import Settings
from streams.kafka.topics import ALERTS
from streams.output.reader import Batch, read

ALERTS_GAUGE = "sales_kpis_alerts"


async def alerts(
    settings: Settings,
    *,
    kind: str | None = None,
    rep: str | None = None,
    follow: bool = False,
) -> AsyncGenerator[bytes, None]:
    """Yield each current alert, bytes exactly as published and sorted by key.

    Raises BadSetting for an unknown kind, and what `read` raises. With `follow` every later change
    is yielded too, without end; an alert that has ended, or belongs to another rep now, is then
    `{"kind","subject","tombstone":true}`.
    """
    if kind is not None and kind not in KINDS:
        raise BadSetting(f"there is no kind of alert {kind!r}; known: {', '.join(KINDS)}")
    current: dict[str, bytes] = {}
    is_caught_up = False
    async with aclosing(read(settings, ALERTS)) as batches:
        async for batch in batches:
            for line in _changes(batch, current, kind, rep):
                if is_caught_up:
                    yield line
            if batch.is_caught_up and not is_caught_up:
                for key in sorted(current):
                    yield current[key]
                if not follow:
                    return
                is_caught_up = True


def _changes(
    batch: Batch, current: dict[str, bytes], kind: str | None, rep: str | None
) -> Iterator[bytes]:
    """Apply a batch to the selected current alerts, and yield a line for each change."""
    for key, record in batch.records:
        if kind is not None and key.partition("|")[0] != kind:
            continue
        if record is not None and (rep is None or orjson.loads(record)["rep"] == rep):
            current[key] = record
            yield record
        elif current.pop(key, None) is not None:
            yield tombstone(key)


def tombstone(key: str) -> bytes:
    """Return the line for an alert that has ended."""
    kind, _, subject = key.partition("|")
    return orjson.dumps({"kind": kind, "subject": subject, "tombstone": True})


class AlertCollector(Collector):
    """A view that collects the number of current alerts by kind: one series per kind.

    Their reps are in the topic; KPIs by rep count the same entities.
    """

    def __init__(self) -> None:
        self._current: set[str] = set()

    def update(self, key: str, record: bytes | None) -> None:
        """Add an alert, or remove one that has ended."""
        if record is None:
            self._current.discard(key)
        else:
            self._current.add(key)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield the counts; may run on another thread than `update`."""
        counts = Counter(key.partition("|")[0] for key in self._current.copy())
        metric = GaugeMetricFamily(ALERTS_GAUGE, "Current alerts by kind.", labels=["kind"])
        for kind in KINDS:
            metric.add_metric([kind], counts[kind])
        yield metric
