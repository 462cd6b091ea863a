"""Which targets are off their pace, read from a board as time passes."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import ceil
from typing import NamedTuple

import orjson

from streams.engine.calendars.calendar import Calendar, Window
from streams.engine.catalogue.alert import OffPace
from streams.engine.merge.evaluator import KpiEvaluator
from streams.engine.merge.record_encoder import KpiEncoder, RecordEncoder
from streams.engine.merge.state.targets import Targets, TargetValue

KIND = "target_off_pace"
TEXT = """A KPI is below a share of the pace to its target, in a window that runs.

From when a share of the window is over, until the pace is there again or the window ends.
"""
# Only whole minutes of the clock count: a pace is another every millisecond.
EVERY_MS = 60_000


class TargetInForce(NamedTuple):
    """A target in a window that runs."""

    encoder: KpiEncoder
    scope: str
    window: Window
    plan: TargetValue


class TargetAlertEvaluator:
    """Looks at a board's targets; a function of its facts and of the clock's minute."""

    def __init__(
        self,
        rule: OffPace,
        forms: Mapping[str, KpiEncoder],
        targets: Targets,
        evaluator: KpiEvaluator,
        records: RecordEncoder,
    ) -> None:
        """Take the rule, and look at what the board keeps; forms by the KPI's name."""
        self._rule = rule
        self._below = float(rule.below)
        self._share = Fraction(rule.elapsed)
        self._forms = forms
        self._targets = targets
        self._evaluator = evaluator
        self._records = records
        self._calendar: Calendar = records.calendar

    def current(self, clock: int) -> dict[str, bytes]:
        """Give the alerts that hold, by key; a body is JSON without its closing brace.

        The board must have advanced to the clock.
        """
        self._evaluator.clear_cache()
        at = clock - clock % EVERY_MS
        found = {}
        for in_force in self._targets_in_force():
            since = self._since(in_force.window)
            oldest = self._rule.max_age_ms
            if since > at or (oldest is not None and at >= since + oldest):
                continue
            number = self._evaluator.number(in_force.encoder, in_force.scope, in_force.window)
            pace = self._records.target_fields(
                in_force.encoder, in_force.window, number, in_force.plan, at
            )
            if pace is not None and pace < self._below:
                name = subject(in_force)
                found[f"{KIND}|{name}"] = self._body(in_force, name, since)
        return found

    def _targets_in_force(self) -> Iterator[TargetInForce]:
        """Give the targets of windows that run, each once however many records mean it."""
        running = {window.kind: window for window in self._evaluator.running()}
        places = {
            (target_key.kpi, target_key.scope, target_key.window or running[target_key.kind])
            for target_key in self._targets
            if target_key.window is None or self._evaluator.is_running(target_key.window)
        }
        for kpi, scope, window in places:
            plan = self._targets.of(kpi, scope, window)
            if plan is not None:
                yield TargetInForce(self._forms[kpi], scope, window, plan)

    def _since(self, window: Window) -> int:
        start, end = self._calendar.bounds(window)
        return start + ceil((end - start) * self._share)

    def _body(self, in_force: TargetInForce, name: str, since: int) -> bytes:
        start, end = (self._calendar.text(at) for at in self._calendar.bounds(in_force.window))
        dimension, _, value = in_force.scope.partition("=")
        target = in_force.encoder.written(in_force.plan.shown).decode().strip('"')
        text = (
            f"{in_force.encoder.name} of {in_force.scope or 'the whole company'} is below"
            f" {self._rule.below} of the pace to its target of {target}"
            f" for the {in_force.window.kind} from {start[:10]}."
        )
        body = orjson.dumps(
            {
                "kind": KIND,
                "subject": name,
                "rep": value if dimension == "rep" else None,
                "since": self._calendar.text(since),
                "amount": None,
                "currency": None,
                "rule": self._rule.thresholds(),
                "kpi": in_force.encoder.name,
                "scope": {dimension: value} if dimension else {},
                "window": in_force.window.kind,
                "start": start,
                "end": end,
                "text": text,
            }
        )
        return body[:-1]


def subject(in_force: TargetInForce) -> str:
    """Name a target: `kpi|all|window` or `kpi|dimension=member|window`."""
    return f"{in_force.encoder.name}|{in_force.scope or 'all'}|{in_force.window.kind}"


def cell_of(key: str) -> str:
    """Give a cell of the family that an alert's key belongs to."""
    scope = key.partition("|")[2].partition("|")[2].rpartition("|")[0]
    return f"|{'' if scope == 'all' else scope}"
