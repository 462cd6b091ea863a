"""Alerts about targets that are off pace, as of a minute of the clock."""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from typing import NamedTuple

import orjson

from streams.engine.calendars.calendar import Calendar, Window
from streams.engine.catalogue.alert import OffPace
from streams.engine.catalogue.derived import Derived
from streams.engine.merge.evaluator import KpiEvaluator
from streams.engine.merge.record_encoder import KpiEncoder
from streams.engine.merge.state.merge_state import MergeState
from streams.engine.merge.state.targets import TargetValue

KIND = "target_off_pace"
TEXT = """A KPI is below a share of the pace to its target, in a window that runs.

From when a share of the window is over, until the pace is there again or the window ends.
"""
# A pace changes every millisecond: alerts are evaluated as of whole minutes.
EVALUATION_INTERVAL_MS = 60_000


class TargetInForce(NamedTuple):
    """A target in a window that runs."""

    encoder: KpiEncoder
    scope: str
    window: Window
    target: TargetValue


class TargetAlertEvaluator:
    """Evaluates the alert on a merger's targets; a function of its facts and of the minute."""

    def __init__(self, rule: OffPace, state: MergeState, evaluator: KpiEvaluator) -> None:
        self._rule = rule
        self._below = float(rule.below)
        self._share = Fraction(rule.elapsed)
        self._targets = state.targets
        self._evaluator = evaluator
        self._encoder = state.encoder
        self._encoders = {
            kpi.name: state.encoder.encoder_of(kpi, number)
            for number, kpi in enumerate(state.kpis.kpis)
            if isinstance(kpi, Derived) or not kpi.is_hidden
        }
        self._calendar: Calendar = state.encoder.calendar

    def current(self, clock: int) -> dict[str, bytes]:
        """Alerts that hold, by key; a body is JSON without its closing brace.

        The merger has to be advanced to the clock, in milliseconds.
        """
        self._evaluator.clear_cache()
        at = clock - clock % EVALUATION_INTERVAL_MS
        found = {}
        for in_force in self._targets_in_force():
            since = self._since(in_force.window)
            oldest = self._rule.max_age_ms
            if since > at or (oldest is not None and at >= since + oldest):
                continue
            number = self._evaluator.number(in_force.encoder, in_force.scope, in_force.window)
            pace = self._encoder.pace_of(
                in_force.encoder, in_force.window, number, in_force.target, at
            )
            if pace is not None and pace < self._below:
                name = subject(in_force)
                found[f"{KIND}|{name}"] = self._body(in_force, name, since)
        return found

    def _targets_in_force(self) -> Iterator[TargetInForce]:
        """Targets of windows that run, each once however many records are about it."""
        running = {window.kind: window for window in self._evaluator.running()}
        targets = {
            (target_key.kpi, target_key.scope, target_key.window or running[target_key.kind])
            for target_key in self._targets
            if target_key.kpi in self._encoders
            and (target_key.window is None or self._evaluator.is_running(target_key.window))
        }
        for kpi, scope, window in targets:
            value = self._targets.of(kpi, scope, window)
            if value is not None:
                yield TargetInForce(self._encoders[kpi], scope, window, value)

    def _since(self, window: Window) -> int:
        start, end = self._calendar.bounds(window)
        return start + ceil((end - start) * self._share)

    def _body(self, in_force: TargetInForce, name: str, since: int) -> bytes:
        start, end = (self._calendar.text(at) for at in self._calendar.bounds(in_force.window))
        dimension, _, value = in_force.scope.partition("=")
        target = in_force.encoder.text(in_force.target.shown).decode().strip('"')
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
    """Subject of an alert: `kpi|all|window` or `kpi|dimension=value|window`."""
    return f"{in_force.encoder.name}|{in_force.scope or 'all'}|{in_force.window.kind}"


def cell_of(key: str) -> str:
    """A cell in the dimension group that an alert's key belongs to."""
    scope = key.partition("|")[2].partition("|")[2].rpartition("|")[0]
    return f"|{'' if scope == 'all' else scope}"
