"""The product's core with a KPI that fails for some events."""

from dataclasses import replace
from typing import Any

from streams.config.settings import Settings
from streams.engine.catalogue.kpi import Fact
from streams.journeys import Call
from streams.tasks.ports import CorePort
from streams.wiring.catalogue import catalogue
from streams.wiring.core import KpiCore


def failing_core(settings: Settings) -> CorePort:
    """Give a core whose `call_count` raises ZeroDivisionError for a cold call."""
    terms = catalogue(settings)

    def facts(call: Call) -> Fact[Any] | None:
        if call.is_cold:
            raise ZeroDivisionError("poison")
        return Fact(call.at, 1)

    kpis = [replace(kpi, facts=facts) if kpi.name == "call_count" else kpi for kpi in terms.kpis]
    return KpiCore(replace(terms, kpis=tuple(kpis)), settings)
