"""Compiling the fields of a rule: [[event]] tables as written, functions out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from streams.sources.mapping.compile_converters import converters
from streams.sources.mapping.compile_path import compiled_path, condition
from streams.sources.mapping.fields import Composite, Field, Reader, Way, is_nothing
from streams.sources.mapping.scope import Scope
from streams.sources.mapping.targets import Target
from streams.sources.mapping.times import after_epoch
from streams.sources.paths import ABSENT
from streams.sources.written import Entry, listed

DIGEST = "@digest"
_SOURCES = ("from", "const", "default", "received")
KEYS = frozenset(
    [
        *_SOURCES,
        "when",
        *("join", "after", "before", "digits", "lower", "upper", "map", "table", "else"),
        *("minus", "multiply", "divide", "absolute", "money", "places", "decimal"),
        *("time", "date", "zone", "link"),
    ]
)


@dataclass(frozen=True)
class Setting:
    """What fields of a mapping file may refer to: [defaults] and [table.*]."""

    defaults: Mapping[str, str]
    tables: Mapping[str, Mapping[str, str]]


def field(entry: Entry, name: str, setting: Setting, target: Target | None) -> Field:
    """Compile a field. Mistakes are noted, and what has one gives nothing."""
    kind = "text" if target is None else target.kind
    entries = [entry.inner(n) for n in range(len(entry.value))] if _is_list(entry) else [entry]
    if not entries:
        entry.wrong("is empty: write a path")
    ways = tuple(_way(each, setting, target, kind) for each in entries)
    return Field(name, ways, kind, target)


def composite(entry: Entry, name: str, setting: Setting, target: Target) -> Composite:
    """Compile a field that is an object: a field for each of its names."""
    if not isinstance(entry.value, dict):
        entry.wrong('must be a table, such as { region = "properties.region" }')
        return Composite(name, (), target)
    fields = tuple(field(each, inner, setting, None) for inner, each in entry.entries())
    return Composite(name, fields, target)


def _is_list(entry: Entry) -> bool:
    return isinstance(entry.value, list)


def _way(entry: Entry, setting: Setting, target: Target | None, kind: str) -> Way:
    if isinstance(entry.value, str):
        written = {"from": entry}
    elif isinstance(entry.value, dict):
        entry.known(KEYS, "converter")
        written = dict(entry.entries())
    else:
        entry.wrong('must be a path, such as "data.id", or a table, such as { from = "data.id" }')
        written = {}
    sources = [_source(name, written[name], setting) for name in _SOURCES if name in written]
    if not sources and isinstance(entry.value, dict):
        entry.wrong_key(f"has no value: give it one of {', '.join(_SOURCES)}")
    if isinstance(written.get("const"), Entry) and sources:
        _check_constant(written["const"], written, target)
    if "join" in written and not isinstance(getattr(written.get("from"), "value", None), list):
        written["join"].wrong('joins the values of a list: from = ["a", "b"]')
    read = sources[0] if sources else _nothing
    fallback = _first_of(sources[1:]) if len(sources) > 1 else None
    if "when" in written:
        holds = condition(written["when"])
        read = _only(holds, read)
        fallback = fallback and _only(holds, fallback)
    steps = converters(written, setting.tables, setting.defaults, target, kind)
    return Way(_as_written(written), read, fallback, steps)


def _source(name: str, entry: Entry, setting: Setting) -> Reader:
    match name:
        case "from":
            return _reader(entry)
        case "const":
            return _constant(entry)
        case "default":
            if entry.option(setting.defaults, "default") is None:
                return _nothing
            # Left empty by whoever has none.
            text = setting.defaults[entry.value].strip() or ABSENT
            return lambda _: text
        case _:
            if entry.value is not True:
                entry.wrong("must be true")
            return lambda scope: after_epoch(scope.item["_received"] * 1_000)


def _reader(entry: Entry) -> Reader:
    if not isinstance(entry.value, list):
        return _single(entry)
    parts = [_single(each) for _, each in entry.entries()]
    return lambda scope: _all_or_nothing([part(scope) for part in parts])


def _single(entry: Entry) -> Reader:
    if entry.value == DIGEST:
        return lambda scope: scope.digest
    found = compiled_path(entry)
    return lambda scope: found(scope.item)


def _all_or_nothing(values: list[Any]) -> Any:
    return ABSENT if any(is_nothing(value) for value in values) else values


def _constant(entry: Entry) -> Reader:
    value = entry.value
    if not isinstance(value, str | int) or (isinstance(value, str) and not value.strip()):
        entry.wrong("must be a text that is not empty, a whole number, true or false")
    return lambda _: value


def _check_constant(entry: Entry, written: Mapping[str, Entry], target: Target | None) -> None:
    if target is None or not target.choices or {"map", "table"} & written.keys():
        return
    if entry.value not in target.choices:
        entry.wrong(f"unknown value {entry.value}; {listed(entry.value, target.choices)}")


def _first_of(readers: list[Reader]) -> Reader:
    def read(scope: Scope) -> Any:
        for reader in readers:
            value = reader(scope)
            if not is_nothing(value):
                return value
        return ABSENT

    return read


def _only(holds: Callable[[Any], bool], read: Reader) -> Reader:
    return lambda scope: read(scope) if holds(scope.item) else ABSENT


def _nothing(_: Scope) -> Any:
    return ABSENT


def _as_written(written: Mapping[str, Entry]) -> str:
    """Name the sources for people: the path, or what stands in for it."""
    names = []
    for name in _SOURCES:
        if name not in written:
            continue
        value = written[name].value
        if name == "from":
            names.append(" + ".join(map(str, value)) if isinstance(value, list) else str(value))
        elif name == "received":
            names.append("the time of arrival")
        else:
            names.append(f"{name} {value}")
    return ", else ".join(names)
