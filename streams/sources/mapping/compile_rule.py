"""Compiling rules: each [[event]] of a mapping file, checked against the types of events."""

from collections.abc import Mapping

from streams.events import Event
from streams.sources.mapping.compile_field import Setting, composite, field
from streams.sources.mapping.compile_path import compiled_path, condition, needed
from streams.sources.mapping.fields import Composite, Field, Identifier
from streams.sources.mapping.rules import (
    CanonicalRule,
    Condition,
    EventRule,
    ReadRule,
    RefusalRule,
    Rule,
)
from streams.sources.mapping.scope import EACH
from streams.sources.mapping.targets import BY_TYPE, Target, targets
from streams.sources.paths import Path
from streams.sources.written import Entry, listed

# Keys of a rule that are no fields of its event.
_OWN = ("name", "when", "each", "type", "read", "like", "drop", "id")
# Filled before the others: money in minor units depends on it.
_FIRST = "currency"
# What every event has beside its id.
_COMMON = {name: target for name, target in targets(Event).items() if name != "id"}


def rules(entry: Entry, likes: Mapping[str, Entry], setting: Setting) -> tuple[Rule, ...]:
    """Compile all rules; mistakes are noted."""
    found: list[Rule] = []
    names: set[str] = set()
    if not isinstance(entry.value, list) or not all(isinstance(each, dict) for each in entry.value):
        entry.wrong_key("must be a list of tables: write [[event]] above the keys of each")
        return ()
    for number, each in entry.entries():
        if each.value.get("drop") is True:
            continue
        rule = _rule(each, number, likes, setting)
        if rule is None:
            continue
        if rule.name in names:
            each.inner("name").wrong(f"another event is called {rule.name}")
        names.add(rule.name)
        found.append(rule)
    return tuple(found)


def _rule(entry: Entry, number: int, likes: Mapping[str, Entry], setting: Setting) -> Rule | None:
    fields = {**_like(entry, likes), **dict(entry.entries())}
    name = (fields["name"].text() if "name" in fields else None) or f"event {number + 1}"
    when = _condition(fields.get("when"))
    each = compiled_path(fields["each"]) if "each" in fields else None
    if "read" in fields:
        return _reading(entry, name, when, fields, setting, each)
    if "canonical" in fields:
        return _canonical(name, when, fields, setting, each)
    if "refuse" in fields:
        return _refusal(name, when, fields)
    if "type" not in fields:
        entry.wrong_key(f"has no type; {listed(None, BY_TYPE)}")
        return None
    tag = fields["type"].option(BY_TYPE, "type")
    if tag is None:
        return None
    wanted = targets(BY_TYPE[tag])
    _check_names(entry, fields, tag, wanted)
    compiled = tuple(
        _field(fields[key], key, setting, wanted[key])
        for key in sorted(wanted, key=lambda key: key != _FIRST)
        if key in fields and key != "id"
    )
    identifier = _identifier(fields.get("id"), setting)
    return EventRule(name, when, BY_TYPE[tag], identifier, compiled, each)


def _canonical(
    name: str, when: Condition, fields: Mapping[str, Entry], setting: Setting, each: Path | None
) -> Rule:
    """Compile a rule for items that hold whole events, whose `type` is a path."""
    known = ("name", "when", "each", "canonical", "like", "id", "type", "source", *_COMMON)
    for key, entry in fields.items():
        if key not in known:
            entry.wrong_key(f"unknown field {key} of a canonical rule; {listed(key, known)}")
    compiled = tuple(
        field(fields[key], key, setting, _COMMON.get(key))
        for key in ("type", "source", *_COMMON)
        if key in fields
    )
    identifier = _identifier(fields["id"], setting) if "id" in fields else None
    return CanonicalRule(name, when, compiled_path(fields["canonical"]), identifier, compiled, each)


def _like(entry: Entry, likes: Mapping[str, Entry]) -> dict[str, Entry]:
    """Give the fields that a rule shares with others: [like.<name>]."""
    if "like" not in entry.value:
        return {}
    name = entry.inner("like").option(likes, "like")
    return {} if name is None else dict(likes[name].entries())


def _condition(entry: Entry | None) -> Condition:
    if entry is None:
        return Condition("", lambda _: True)
    mistakes = len(entry.written.mistakes)
    matches = condition(entry)
    is_valid = len(entry.written.mistakes) == mistakes
    found = needed(entry.value) if is_valid else None
    # An element of the item is not there yet.
    return Condition(str(entry.value), matches, None if found and found[0] == EACH else found)


def _field(entry: Entry, key: str, setting: Setting, target: Target) -> Field | Composite:
    if target.kind == "object":
        return composite(entry, key, setting, target)
    return field(entry, key, setting, target)


def _check_names(
    entry: Entry, fields: Mapping[str, Entry], tag: str, wanted: Mapping[str, Target]
) -> None:
    known = [*wanted, *_OWN]
    for key, each in fields.items():
        if key not in known:
            each.wrong_key(f"unknown field {key} of {tag}; {listed(key, [*wanted])}")
    missing = [key for key, target in wanted.items() if target.is_required and key not in fields]
    if missing:
        entry.wrong_key(f"{tag} needs {', '.join(missing)}")


def _identifier(entry: Entry | None, setting: Setting) -> Identifier:
    if entry is None:
        return Identifier((), is_bare=False)
    is_list = isinstance(entry.value, list)
    if is_list and not entry.value:
        entry.wrong('is empty: write paths, such as ["id", "modified"]')
    parts = [each for _, each in entry.entries()] if is_list else [entry]
    compiled = tuple(field(each, "id", setting, None) for each in parts)
    return Identifier(compiled, is_bare=not is_list)


def _reading(
    entry: Entry,
    name: str,
    when: Condition,
    fields: Mapping[str, Entry],
    setting: Setting,
    each: Path | None,
) -> Rule | None:
    known = ("name", "when", "each", "read", "from", "like")
    for key, given in fields.items():
        if key not in known:
            given.wrong_key(f"unknown field {key} of a rule that reads; {listed(key, known)}")
    kind = fields["read"].text()
    if kind is None:
        return None
    if "from" not in fields:
        entry.wrong_key("has no from: the path of the record's id")
        return None
    return ReadRule(name, when, kind, field(fields["from"], "from", setting, None), each)


def _refusal(name: str, when: Condition, fields: Mapping[str, Entry]) -> Rule | None:
    known = ("name", "when", "refuse")
    for key, each in fields.items():
        if key not in known:
            each.wrong_key(f"unknown field {key} of a rule that refuses; {listed(key, known)}")
    reason = fields["refuse"].text()
    return None if reason is None else RefusalRule(name, when, reason)
