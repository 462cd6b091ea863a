"""The alerts that stand: as lines of JSON for people and programs, as a gauge for Prometheus."""

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
    """Give each alert that stands, bytes exactly as published and sorted by key.

    A kind that cannot be is a BadSetting. With `follow` it goes on without end, a line a change;
    one that holds no more, or is another rep's now, is then `{"kind","subject","tombstone":true}`.
    Raises what `read` raises.
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
    """Put a batch into what stands of the alerts asked for, and give the lines that tell of it."""
    for key, record in batch.records:
        if kind is not None and key.partition("|")[0] != kind:
            continue
        if record is not None and (rep is None or orjson.loads(record)["rep"] == rep):
            current[key] = record
            yield record
        elif current.pop(key, None) is not None:
            yield gone(key)


def gone(key: str) -> bytes:
    """Write the line that says an alert holds no more."""
    kind, _, subject = key.partition("|")
    return orjson.dumps({"kind": kind, "subject": subject, "tombstone": True})


class AlertCollector(Collector):
    """A view that gives how many alerts stand, by kind: as many series as there are kinds.

    Whose they are is in the topic; for reps there are the KPIs that count the same things.
    """

    def __init__(self) -> None:
        """Start with none standing."""
        self._current: set[str] = set()

    def update(self, key: str, record: bytes | None) -> None:
        """Take an alert, or that it holds no more."""
        if record is None:
            self._current.discard(key)
        else:
            self._current.add(key)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Count them; may run on another thread than `put`."""
        counts = Counter(key.partition("|")[0] for key in self._current.copy())
        family = GaugeMetricFamily(ALERTS_GAUGE, "Alerts that stand.", labels=["kind"])
        for kind in KINDS:
            family.add_metric([kind], counts[kind])
        yield family
