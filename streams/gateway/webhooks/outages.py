"""Outages of sources that do not repeat for long: what was not kept, and since when."""

import logging
from dataclasses import dataclass

from streams.gateway.webhooks.endpoints import Endpoint
from streams.gateway.webhooks.metrics import WebhookMetrics
from streams.internal_topics.dead_letters import timestamp

log = logging.getLogger(__name__)
# A source that is refused all the time is one line in each of these periods.
COMPLAINT_MS = 60_000


@dataclass(slots=True)
class _Outage:
    begun: int
    last: int
    count: int = 1


class Outages:
    """Reports in log and metrics from when on a source has to be read again.

    An outage of a source lasts from the first request that was not kept to the next that is.
    """

    def __init__(self, metrics: WebhookMetrics) -> None:
        self._metrics = metrics
        self._open: dict[str, _Outage] = {}
        self._complained: dict[str, int] = {}

    def not_kept(self, endpoint: Endpoint, received: int) -> None:
        """Count a request that is not in the inbox, received at this time in milliseconds."""
        if endpoint.is_repeated:
            return
        name = endpoint.name
        self._metrics.at_risk.labels(name).inc()
        if outage := self._open.get(name):
            outage.begun, outage.last = min(outage.begun, received), max(outage.last, received)
            outage.count += 1
        else:
            outage = self._open[name] = _Outage(received, received)
            log.warning(
                "%s: what it sends is not kept since %s, and it %s; once Kafka accepts it again:"
                " sales-kpis sources pull %s --since %s",
                name,
                timestamp(received),
                _habit(endpoint),
                name,
                timestamp(received),
            )
        self._metrics.reconcile_from.labels(name).set(outage.begun / 1_000)

    def kept(self, endpoint: Endpoint) -> None:
        """Note that a request is in the inbox, which ends an outage."""
        outage = self._open.pop(endpoint.name, None)
        if outage is not None:
            log.warning(
                "%s: %d requests from %s to %s were not kept, and it %s:"
                " sales-kpis sources pull %s --since %s",
                endpoint.name,
                outage.count,
                timestamp(outage.begun),
                timestamp(outage.last),
                _habit(endpoint),
                endpoint.name,
                timestamp(outage.begun),
            )

    def unverified(self, endpoint: Endpoint, reason: str, now: int) -> None:
        """Log why a request was refused, once in a while for each source."""
        last = self._complained.get(endpoint.name)
        if last is None or now - last >= COMPLAINT_MS:
            self._complained[endpoint.name] = now
            log.warning("%s: a request was refused: %s", endpoint.name, reason)


def _habit(endpoint: Endpoint) -> str:
    """Return what a source does with a request that was not accepted."""
    never = endpoint.source.delivery.retries == "never"
    return "sends nothing twice" if never else "repeats a few times only"
