"""The declaration of an alert: a kind, thresholds, and a function from entity to times."""

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from string import Formatter
from typing import Any, TypeVar, get_type_hints

from msgspec import Struct

SPANS_MS = (("days", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1))
NAME = re.compile("[a-z][a-z0-9_]*")
T = TypeVar("T")
R = TypeVar("R", bound="Rule")
# What a template may name beside its rule's thresholds: the alert's subject and its two halves,
# its start, `300.00 EUR` or `an unknown amount`, and ` over 300.00 EUR` or nothing.
TEXT_FIELDS = frozenset({"subject", "owner", "within", "since", "amount", "worth"})


class BadAlert(Exception):
    """An invalid declaration; it stops the process at start-up."""


class Holds(Struct, frozen=True, gc=False):
    """When an alert holds: from `start` (default: `since`) until `until` (None: for good).

    `since` is what the alert shows; `amount` is in minor units; `channel` is where a lead came
    from; `within` names one of several entities of a subject. Spans of one `within` must not
    overlap. Instants are milliseconds; a span that ends no later than it starts never holds.
    """

    since: int
    until: int | None = None
    rep: str = ""
    amount: int | None = None
    within: str | None = None
    start: int | None = None
    channel: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """The thresholds of a kind; an alert older than `max_age_ms` ends (None: never)."""

    max_age_ms: int | None = None

    def thresholds(self) -> dict[str, Any]:
        """Give the thresholds as an alert shows them; unset ones are absent."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def text_fields(self) -> dict[str, str]:
        """Give the thresholds as the text names them: `after` is `2 days` for `after_ms`."""
        return {
            name.removesuffix("_ms"): span(value) if name.endswith("_ms") else str(value)
            for name, value in self.thresholds().items()
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class OffPace(Rule):
    """The least share of the expected value, and the share of a window from which it is checked.

    Both are decimals from 0 to 1.
    """

    below: str = "0.8"
    elapsed: str = "0.25"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of alert as declared: `text` is its meaning, `template` its sentence."""

    name: str
    text: str
    template: str
    reads: type
    rules: type[Rule]
    holds: Callable[[Any, Any], Any]


Watched = tuple[Kind, Rule]
Declared = Callable[[T, R], Holds | Iterable[Holds] | None]
_declared: dict[str, Kind] = {}


def alert(name: str, *, template: str) -> Callable[[Declared[T, R]], Declared[T, R]]:
    """Declare a kind of alert: the docstring is its text, the annotations entity and rule.

    `template` is the sentence for a person, with `TEXT_FIELDS` and the thresholds of the rule in
    braces. A bad declaration raises BadAlert at import.
    """

    def declare(function: Declared[T, R]) -> Declared[T, R]:
        hints = get_type_hints(function)
        hints.pop("return", None)
        entity, rule = [*hints.values(), None, None][:2]
        text = inspect.getdoc(function) or ""
        has_rule = isinstance(rule, type) and issubclass(rule, Rule)
        thresholds = rule.__dataclass_fields__ if has_rule else ()
        known = TEXT_FIELDS | {threshold.removesuffix("_ms") for threshold in thresholds}
        named = {field for _, field, _, _ in Formatter().parse(template) if field is not None}
        faults = {
            "needs a name of small letters, digits and _": not NAME.fullmatch(name),
            "is declared twice": name in _declared,
            "has no docstring": not text,
            "reads no entity": not isinstance(entity, type),
            "has no rule": not has_rule,
            f"names {sorted(named - known)}, known: {sorted(known)}": not named <= known,
        }
        for fault, is_so in faults.items():
            if is_so:
                raise BadAlert(f"alert {name} {fault}")
        _declared[name] = Kind(name, text, template, entity, rule, function)
        return function

    return declare


def span(length_ms: int) -> str:
    """Write a length of time in the greatest unit that divides it."""
    unit, unit_ms = next((u, ms) for u, ms in SPANS_MS if length_ms % ms == 0)
    return f"{length_ms // unit_ms} {'day' if length_ms == unit_ms == 86_400_000 else unit}"


def declared_alerts() -> tuple[Kind, ...]:
    """Give the kinds declared so far, in the order of declaration."""
    return tuple(_declared.values())
