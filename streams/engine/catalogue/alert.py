"""What an alert is: a kind, thresholds, and a function from a thing to the times it holds."""

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
# What a sentence may name beside its rule's thresholds: the alert's subject, its two halves,
# since when it holds, `300.00 EUR` or `an unknown amount`, and ` over 300.00 EUR` or nothing.
TEXT_FIELDS = frozenset({"subject", "owner", "within", "since", "amount", "worth"})


class BadAlert(Exception):
    """A declaration that cannot stand; it stops the start."""


class Holds(Struct, frozen=True, gc=False):
    """When an alert holds: from `start` (default: `since`) until `until` (None: for good).

    `since` is what it tells people; `amount` is in minor units; `within` names one thing of
    several that a subject has. Several of one `within` must not overlap. Instants are
    milliseconds; one that ends no later than it starts never holds.
    """

    since: int
    until: int | None = None
    rep: str = ""
    amount: int | None = None
    within: str | None = None
    start: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """The thresholds of a kind. An alert older than the greatest age holds no more; None: any."""

    max_age_ms: int | None = None

    def thresholds(self) -> dict[str, Any]:
        """Give what an alert says of its rule; what is not set is absent."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def text_fields(self) -> dict[str, str]:
        """Give the thresholds as a sentence names them: `after` is `2 days` for `after_ms`."""
        return {
            name.removesuffix("_ms"): span(value) if name.endswith("_ms") else str(value)
            for name, value in self.thresholds().items()
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class OffPace(Rule):
    """Which share of what should be there by now is too little, and from when in a window on.

    Both are decimals from 0 to 1.
    """

    below: str = "0.8"
    elapsed: str = "0.25"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of alert as declared: `text` says what it means, `says` is its sentence."""

    name: str
    text: str
    template: str
    reads: type
    rules: type[Rule]
    holds: Callable[[Any, Any], Any]


Watched = tuple[Kind, Rule]
Declared = Callable[[T, R], Holds | Iterable[Holds] | None]
_declared: dict[str, Kind] = {}


def alert(name: str, *, says: str) -> Callable[[Declared[T, R]], Declared[T, R]]:
    """Declare a kind of alert: the docstring is its text, the annotations thing and rule.

    `says` is the sentence for a person, with the words of `WORDS` and of the rule in braces.
    A bad declaration raises BadAlert at import.
    """

    def declare(function: Declared[T, R]) -> Declared[T, R]:
        hints = get_type_hints(function)
        hints.pop("return", None)
        entity, rule = [*hints.values(), None, None][:2]
        text = inspect.getdoc(function) or ""
        has_rule = isinstance(rule, type) and issubclass(rule, Rule)
        thresholds = rule.__dataclass_fields__ if has_rule else ()
        known = TEXT_FIELDS | {threshold.removesuffix("_ms") for threshold in thresholds}
        named = {word for _, word, _, _ in Formatter().parse(says) if word is not None}
        faults = {
            "needs a name of small letters, digits and _": not NAME.fullmatch(name),
            "is declared twice": name in _declared,
            "has no docstring": not text,
            "reads no thing": not isinstance(entity, type),
            "has no rule": not has_rule,
            f"says {sorted(named - known)}, known: {sorted(known)}": not named <= known,
        }
        for fault, is_so in faults.items():
            if is_so:
                raise BadAlert(f"alert {name} {fault}")
        _declared[name] = Kind(name, text, says, entity, rule, function)
        return function

    return declare


def span(length_ms: int) -> str:
    """Write a length of time in the greatest unit that says it in whole numbers."""
    unit, unit_ms = next((u, ms) for u, ms in SPANS_MS if length_ms % ms == 0)
    return f"{length_ms // unit_ms} {'day' if length_ms == unit_ms == 86_400_000 else unit}"


def declared_alerts() -> tuple[Kind, ...]:
    """Give every kind declared so far, in the order of declaration."""
    return tuple(_declared.values())
