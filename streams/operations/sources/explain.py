"""Explains what a request becomes: each item, each rule, each field, and why not."""

import json
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from streams.sources.bodies import BadBody, items
from streams.sources.delivery import Delivery
from streams.sources.mapping.fields import Composite, Field, is_nothing
from streams.sources.mapping.rules import (
    CannotFill,
    CanonicalRule,
    EventRule,
    ReadRule,
    RefusalRule,
    Rule,
    made,
    matching,
    names_to_read,
)
from streams.sources.mapping.scope import EXTRAS, Scope, Unfit
from streams.sources.mapping.translate import scopes
from streams.sources.path_parts import names_in
from streams.sources.paths import ABSENT
from streams.sources.source import Source


@dataclass(frozen=True)
class FieldReport:
    """One field: how the file says it, what was sent, and what it becomes or why not."""

    name: str
    written: str
    sent: str
    becomes: str
    is_wrong: bool


@dataclass(frozen=True)
class RuleReport:
    """One rule on one item.

    Attributes:
        name: Its name.
        makes: The type of its event, or what it wants to be read.
        is_matched: Whether the rule matches the item.
        condition: Its condition, and what the item has at the paths in it.
        fields: Its fields, where it matches.
        made: What is made, where it can be: one of each element of a list.
        problem: Why it cannot be made.
    """

    name: str
    makes: str
    is_matched: bool
    condition: str
    fields: list[FieldReport] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    problem: str = ""


@dataclass(frozen=True)
class ItemReport:
    """One item, and what each rule does with it."""

    number: int
    item: str
    rules: list[RuleReport]

    @property
    def is_wrong(self) -> bool:
        """Whether a rule that matches cannot be filled."""
        return any(rule.problem for rule in self.rules)


@dataclass(frozen=True)
class Explanation:
    """What a request becomes; `problem` where its body cannot be read."""

    items: list[ItemReport]
    problem: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether something of the request would be a dead letter."""
        return bool(self.problem) or any(item.is_wrong for item in self.items)


def explain(source: Source, delivery: Delivery, key: bytes) -> Explanation:
    """Explain a request as `translate` would translate it."""
    try:
        found = items(source.body, delivery.body)
    except BadBody as error:
        return Explanation([], str(error))
    reports = [
        ItemReport(number, _item(scope), [_rule(rule, scope) for rule in source.events])
        for number, scope in enumerate(scopes(source, delivery, found, key), 1)
    ]
    return Explanation(reports)


def shown(value: Any) -> str:
    """Write a value of a request as JSON, short."""
    if value is ABSENT:
        return "absent"
    text = json.dumps(value, ensure_ascii=False, default=_other)
    return text if len(text) <= 200 else text[:199] + "…"


def _other(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)


def _item(scope: Scope) -> str:
    own = {name: value for name, value in scope.item.items() if name not in EXTRAS}
    return json.dumps(own, ensure_ascii=False, default=_other, indent=2)


def _rule(rule: Rule, scope: Scope) -> RuleReport:
    report = RuleReport(rule.name, _makes(rule), False, _condition(rule, scope))
    try:
        for each in matching(rule, scope):
            fields = [*report.fields, *_fields(rule, each)]
            report = _with_event(replace(report, is_matched=True, fields=fields), rule, each)
    except CannotFill as error:
        report = replace(report, is_matched=True, problem=_problem(error))
    return report


def _with_event(report: RuleReport, rule: Rule, scope: Scope) -> RuleReport:
    try:
        return replace(report, made=[*report.made, _made(rule, scope)])
    except CannotFill as error:
        return replace(report, problem=_problem(error))


def _problem(error: CannotFill) -> str:
    return f"{error.field}: {error.reason}" if error.field else error.reason


def _makes(rule: Rule) -> str:
    """Name what a rule makes of an item."""
    if isinstance(rule, EventRule):
        return str(rule.event.__struct_config__.tag)
    if isinstance(rule, ReadRule):
        return f"read {rule.kind}"
    return "the event it holds" if isinstance(rule, CanonicalRule) else "a dead letter"


def _made(rule: Rule, scope: Scope) -> str:
    if isinstance(rule, ReadRule):
        return f"{rule.kind} {', '.join(names_to_read(rule, scope))}"
    return made(rule, scope).decode()


def _condition(rule: Rule, scope: Scope) -> str:
    """Write a condition with the values at the paths in it."""
    if not rule.when.written:
        return "always"
    values = [f"{name} is {shown(at(scope.item))}" for name, at in names_in(rule.when.written)]
    return f"{rule.when.written} ({', '.join(values)})" if values else rule.when.written


def _fields(rule: Rule, scope: Scope) -> list[FieldReport]:
    if isinstance(rule, RefusalRule):
        return []
    if isinstance(rule, ReadRule):
        return [_field("from", rule.origin, scope)]
    found = [_field("id", part, scope) for part in (rule.id.parts if rule.id else ())]
    for each in rule.fields:
        if isinstance(each, Composite):
            found += [_field(f"{each.name}.{inner.name}", inner, scope) for inner in each.fields]
        else:
            found.append(_field(each.name, each, scope))
    return found


def _field(name: str, found: Field, scope: Scope) -> FieldReport:
    sent = [way.raw(scope, is_flag=found.kind == "flag") for way in found.ways]
    given = [value for value in sent if not is_nothing(value, is_flag=found.kind == "flag")]
    first = shown((given or sent)[0])
    try:
        value = found.value(scope)
    except Unfit as error:
        return FieldReport(name, found.written, first, str(error), True)
    return FieldReport(name, found.written, first, _becomes(found, value), False)


def _becomes(found: Field, value: Any) -> str:
    if found.name == "id" and (value is ABSENT or value is None):
        return "null"
    if value is ABSENT:
        return "left out"
    if value is None:
        is_cleared = found.target is not None and found.target.is_clearable
        return "cleared" if is_cleared else "left out"
    return shown(value)
