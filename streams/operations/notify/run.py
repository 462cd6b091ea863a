"""A process that notifies, with its metrics."""

import asyncio
import logging
import signal

from streams.config.declaration import BadSetting
from streams.config.rules import Rules
from streams.config.rules.notify import NotifyRules
from streams.config.settings import Settings
from streams.notify.clock import now_ms
from streams.notify.metrics import NotifyMetrics
from streams.notify.service import notify_service
from streams.output.prometheus.metrics_server import metrics_server
from streams.process import logs
from streams.process.cancellation import ended
from streams.wiring.catalogue import catalogue


async def run_notify(settings: Settings, rules: Rules, host: str) -> None:
    """Notify until stopped by a signal. Raises BadSetting, and Fatal for Kafka."""
    logs.set_up(settings.log, logging.INFO)
    require_routes(rules.notify)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    metrics = NotifyMetrics(rules.notify.names, now_ms)
    async with (
        notify_service(
            settings, rules.notify, metrics, catalogue=catalogue(settings, rules)
        ) as service,
        metrics_server(settings, metrics.registry, host, lambda: service.not_ready_reason),
    ):
        running = asyncio.create_task(service.run(), name="notify")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await ended(stopping)
        await ended(running)


def require_routes(rules: NotifyRules) -> None:
    """Raise BadSetting without any receiver: a rules file left out would forget what was sent."""
    if not rules.all:
        raise BadSetting(
            "there is no route or report: write [[notify.route]] or [[notify.report]] in the file"
            " SALES_KPIS_RULES"
        )
