"""A worker of yesterday's version: `python -m tests.whole.worker_without KPI`."""

import sys
from dataclasses import replace

from streams.agents.main import run_worker
from streams.config.settings import Settings
from streams.wiring.catalogue import catalogue
from streams.wiring.core import KpiCore

if __name__ == "__main__":
    settings = Settings.from_environment()
    today = catalogue(settings)
    kpis = tuple(kpi for kpi in today.kpis if kpi.name != sys.argv[1])
    derived = tuple(kpi for kpi in today.derived if sys.argv[1] not in kpi.ingredients)
    yesterday = replace(today, kpis=kpis, derived=derived)
    run_worker(settings, None, core=KpiCore(yesterday, settings))
