"""A process that translates the inbox and reads what webhooks only name, with its metrics."""

from collections.abc import Callable

from streams.agents.translate import run_translate as run_agent
from streams.config.settings import Settings
from streams.operations.sources.reading.service import read_records
from streams.output.prometheus.metrics_server import metrics_server
from streams.translation.metrics import TranslationMetrics
from streams.translation.translator import Translator


def run_translate(settings: Settings, translator: Translator, host: str) -> None:
    """Translate the inbox in this process until it is stopped by a signal."""

    async def run_beside(
        metrics: TranslationMetrics, not_ready_reason: Callable[[], str | None]
    ) -> None:
        async with metrics_server(settings, metrics.registry, host, not_ready_reason):
            await read_records(settings, translator.sources, metrics.registry)

    run_agent(settings, translator, run_beside)
