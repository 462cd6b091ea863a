"""What a benchmark measures, and how much of it."""

import os
from dataclasses import dataclass
from typing import NamedTuple

# Measured in this order; those after USUAL only where they are named.
USUAL = ("throughput", "latency", "memory", "restore", "cost")
PARTS = (*USUAL, "faust", "webhooks", "gateway")
# Parts that look at one history of leads after the other, in the same workers.
OF_HISTORIES = frozenset({"memory", "restore", "cost"})


class CatalogueChoice(NamedTuple):
    """KPIs that are counted, by the content of a rules file, and what tables call them."""

    name: str
    rules: str


EVERY_KPI = CatalogueChoice("every KPI", "")
FIVE_KPIS = CatalogueChoice(
    "five KPIs",
    """[catalogue]
kpis = ["response_time", "call_count", "deal_count", "revenue_won", "pipeline_amount"]
windows = ["day", "month", "last_30d"]
""",
)


@dataclass(frozen=True)
class Options:
    """The size of each part; the whole lasts about a quarter of an hour by default.

    Attributes:
        events: Events that lie in Kafka before a worker starts (throughput, faust).
        seconds: Length of each run at a steady rate.
        leads: Numbers of leads, the smallest first (memory, restore, cost).
        months: Length of the long history, 1 for none; the short one is of one month (cost).
        burst: Events on old leads that are sent at once (cost).
        repeats: Measurements of each figure but memory, which hardly varies.
        webhook_rate: Webhooks per second (gateway).
        rates: Events per second: a busy hour of a large company, and what a worker is made for.
        processes: Numbers of processes of a worker (throughput).
        catalogues: What is counted (throughput, latency); of memory, restore and cost the first.
    """

    parts: tuple[str, ...] = USUAL
    events: int = 150_000
    seconds: float = 15.0
    leads: tuple[int, ...] = (8_000, 30_000)
    months: int = 24
    burst: int = 5_000
    repeats: int = 3
    webhook_rate: int = 2_000
    rates: tuple[int, ...] = (50, 1_000)
    processes: tuple[int, ...] = tuple(sorted({1, os.cpu_count() or 1}))
    catalogues: tuple[CatalogueChoice, ...] = (EVERY_KPI, FIVE_KPIS)
