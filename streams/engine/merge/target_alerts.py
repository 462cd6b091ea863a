"""Which targets are off their pace, read from a board as time passes."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import ceil
from typing import NamedTuple

import orjson

from streams.engine.calendars.calendar import Calendar, Window
from streams.engine.catalogue.alert import OffPace
from streams.engine.merge.evaluator import BoardSight
from streams.engine.merge.record_encoder import Form, Records
from streams.engine.merge.state.targets import Plan, Targets

KIND = "target_off_pace"
TEXT = """A KPI is below a share of the pace to its target, in a window that runs.

From when a share of the window is over, until the pace is there again or the window ends.
"""
# Only whole minutes of the clock count: a pace is another every millisecond.
EVERY_MS = 60_000


class Goal(NamedTuple):
    """A target in a window that runs."""

    form: Form
    scope: str
    window: Window
    plan: Plan


class PaceReader:
    """Looks at a board's targets; a function of its facts and of the clock's minute."""

    def __init__(
        self,
        rule: OffPace,
        forms: Mapping[str, Form],
        targets: Targets,
        sight: BoardSight,
        records: Records,
    ) -> None:
        """Take the rule, and look at what the board keeps; forms by the KPI's name."""
        self._rule = rule
        self._below = float(rule.below)
        self._share = Fraction(rule.elapsed)
        self._forms = forms
        self._targets = targets
        self._sight = sight
        self._records = records
        self._calendar: Calendar = records.calendar

    def standing(self, clock: int) -> dict[str, bytes]:
        """Give the alerts that hold, by key; a body is JSON without its closing brace.

        The board must have advanced to the clock.
        """
        self._sight.forget()
        at = clock - clock % EVERY_MS
        found = {}
        for goal in self._goals():
            since = self._since(goal.window)
            oldest = self._rule.max_age_ms
            if since > at or (oldest is not None and at >= since + oldest):
                continue
            number = self._sight.number(goal.form, goal.scope, goal.window)
            pace = self._records.pace(goal.form, goal.window, number, goal.plan, at)
            if pace is not None and pace < self._below:
                name = subject(goal)
                found[f"{KIND}|{name}"] = self._body(goal, name, since)
        return found

    def _goals(self) -> Iterator[Goal]:
        """Give the targets of windows that run, each once however many records mean it."""
        running = {window.kind: window for window in self._sight.running()}
        places = {
            (place.kpi, place.scope, place.window or running[place.kind])
            for place in self._targets
            if place.window is None or self._sight.is_running(place.window)
        }
        for kpi, scope, window in places:
            plan = self._targets.of(kpi, scope, window)
            if plan is not None:
                yield Goal(self._forms[kpi], scope, window, plan)

    def _since(self, window: Window) -> int:
        start, end = self._calendar.bounds(window)
        return start + ceil((end - start) * self._share)

    def _body(self, goal: Goal, name: str, since: int) -> bytes:
        start, end = (self._calendar.text(at) for at in self._calendar.bounds(goal.window))
        dimension, _, member = goal.scope.partition("=")
        target = goal.form.written(goal.plan.shown).decode().strip('"')
        text = (
            f"{goal.form.name} of {goal.scope or 'the whole company'} is below"
            f" {self._rule.below} of the pace to its target of {target}"
            f" for the {goal.window.kind} from {start[:10]}."
        )
        body = orjson.dumps(
            {
                "kind": KIND,
                "subject": name,
                "rep": member if dimension == "rep" else None,
                "since": self._calendar.text(since),
                "amount": None,
                "currency": None,
                "rule": self._rule.thresholds(),
                "kpi": goal.form.name,
                "scope": {dimension: member} if dimension else {},
                "window": goal.window.kind,
                "start": start,
                "end": end,
                "text": text,
            }
        )
        return body[:-1]


def subject(goal: Goal) -> str:
    """Name a target: `kpi|all|window` or `kpi|dimension=member|window`."""
    return f"{goal.form.name}|{goal.scope or 'all'}|{goal.window.kind}"


def cell_of(key: str) -> str:
    """Give a cell of the family that an alert's key belongs to."""
    scope = key.partition("|")[2].partition("|")[2].rpartition("|")[0]
    return f"|{'' if scope == 'all' else scope}"
