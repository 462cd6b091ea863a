"""How much of what is to break in one run."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from random import Random
from typing import Any

from streams.config.settings import Settings

START = date(2026, 1, 5)
DAYS = 60
NOW = "2026-03-10T12:00:00+00:00"
TIMEZONE = "Asia/Tehran"
# Commits of a worker come some tens a second; restores and reconciliations once a shard.
RARE = ("during_restore", "during_reconcile")
OFTEN = ("after_forwards", "after_state", "after_partials", "before_commit", "while_publishing")
STAGE_2 = ("before_merge_commit",)
# Most subjects then leave memory before all of their events have come.
SHORT_HORIZON_DAYS, USUAL_HORIZON_DAYS = 10, Settings().horizon_days
OF_HORIZON = ("during_retirement",)
RARE_PASSINGS, OFTEN_PASSINGS = 1, 12


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is sent and how often each thing breaks; everything drawn follows from the seed."""

    seed: int
    events: int
    killed: int = 0  # SIGKILL of a worker at any moment
    failpoints: int = 0  # SIGKILL of a worker by itself, at a step of the protocol
    zombies: int = 0  # SIGSTOP past the session's end, then SIGCONT
    brokers: int = 0  # SIGKILL of Kafka
    gateways: int = 0  # SIGKILL of the gateway
    translators: int = 0  # SIGKILL of the process that translates webhooks
    rebalances: int = 0  # a worker joins or leaves in good order
    stalls: int = 0  # nothing gets through between workers and Kafka for some seconds
    late_ends: int = 0  # a copy of EndTxn arrives inside the transaction after it
    duplicates: float = 0.1
    disorder: float = 0.1
    poison: float = 0.001
    canaries: float = 0.1
    points: tuple[str, ...] = (*OFTEN, *STAGE_2, *RARE)
    workers: int = 2
    partitions: int = 4
    horizon_days: int = USUAL_HORIZON_DAYS

    @property
    def faults(self) -> list[str]:
        """Name every fault in the order in which they come."""
        kinds = (
            "killed", "failpoints", "zombies", "brokers", "gateways", "translators", "rebalances",
            "stalls", "late_ends",
        )  # fmt: skip
        drawn = [kind for kind in kinds for _ in range(getattr(self, kind))]
        Random(self.seed).shuffle(drawn)
        return drawn

    def failpoint_settings(self) -> list[str]:
        """Draw where workers are to kill themselves, every point about as often."""
        random = Random(self.seed + 1)
        drawn = []
        more = OF_HORIZON if self.horizon_days == SHORT_HORIZON_DAYS else ()
        points = (*more, *self.points)
        for number in range(self.failpoints):
            point = points[number % len(points)]
            most = RARE_PASSINGS if point in RARE else OFTEN_PASSINGS
            drawn.append(f"{point}:{random.randint(1, most)}")
        random.shuffle(drawn)
        return drawn

    def text(self) -> str:
        """Write the plan in a line."""
        return "  ".join(f"{field.name}={getattr(self, field.name)}" for field in fields(self))


def tiny(seed: int) -> Plan:
    """Give what belongs into every test run: about a minute."""
    return Plan(
        seed=seed, events=2_000, killed=1, failpoints=1, zombies=1, brokers=1, gateways=1,
        translators=1, late_ends=1,
    )  # fmt: skip


def short(seed: int) -> Plan:
    """Give what `make chaos` does: under four minutes. Subjects retire early with odd seeds."""
    days = SHORT_HORIZON_DAYS if seed % 2 else USUAL_HORIZON_DAYS
    return Plan(
        seed=seed, events=12_000, killed=3, failpoints=3, zombies=2, brokers=1, gateways=1,
        translators=2, rebalances=3, stalls=1, late_ends=3, poison=0.005, horizon_days=days,
    )  # fmt: skip


def long(seed: int) -> Plan:
    """Give what `make chaos-long` does."""
    return Plan(
        seed=seed, events=300_000, killed=32, failpoints=32, zombies=10, brokers=10, gateways=5,
        translators=10, rebalances=20, stalls=5, late_ends=10, horizon_days=SHORT_HORIZON_DAYS,
    )  # fmt: skip


def aimed(seed: int, faults: Mapping[str, int], *points: str) -> Plan:
    """Give a short plan of a few kinds of faults, for workers that break a rule."""
    chosen: dict[str, Any] = {**faults, **({"points": points} if points else {})}
    return Plan(seed=seed, events=6_000, canaries=0.3, poison=0.01, **chosen)


PLANS = {"tiny": tiny, "short": short, "long": long}
