"""Texts that name something: one form, so that one name is one value of a dimension."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, get_args, get_type_hints
from unicodedata import normalize

import msgspec
from msgspec import UNSET

from streams.events.common import Common
from streams.events.fields import Label, LabelKey
from streams.events.reference_records import TargetSet
from streams.events.registry import EVENT_TYPES

LABEL_CHARACTERS = 200
# Labels known to be in normal form: nearly all that come are.
CACHED_LABELS = 100_000
# Values of these are not labels; those of any other dimension are, of a company's own as well.
UNNAMED_DIMENSIONS = frozenset(["media", "account"])


class EmptyLabel(ValueError):
    """A key that consists of blanks; the argument is its field."""


def _fields(kind: type[Common], *wanted: Any) -> tuple[str, ...]:
    """The fields of an event type that can hold one of some types."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        name
        for name in kind.__struct_fields__
        if any(each in (hints[name], *get_args(hints[name])) for each in wanted)
    )


def clearable(kind: type[Common]) -> frozenset[str]:
    """The fields of a patch that null clears; none of any other type."""
    own = frozenset(_fields(kind, type(None))) - {*Common.__struct_fields__}
    return own if kind.is_patch else frozenset()


_LABELS = {kind: _fields(kind, Label, LabelKey) for kind in EVENT_TYPES}
# Two names at least: of one alone it would give the value itself.
_read = {kind: attrgetter(*names, names[0]) if names else None for kind, names in _LABELS.items()}
_KEYS = {kind: _fields(kind, LabelKey) for kind in EVENT_TYPES}
_CLEARED = {
    kind: frozenset(_fields(kind, Label)) & frozenset(_fields(kind, type(None)))
    for kind in EVENT_TYPES
}
_CUSTOM = frozenset(kind for kind in EVENT_TYPES if "custom" in kind.__struct_fields__)
_absent = frozenset([None, UNSET])
_normal: set[Any] = {*_absent}


def normalised(event: Common) -> Common:
    """Give an event with its labels in normal form; an empty one that may be absent is None.

    Raises EmptyLabel for a key without any character.
    """
    kind = type(event)
    read = _read[kind]
    if kind in _CUSTOM and event.custom:  # type: ignore[attr-defined]  # kind says so
        event = _with_texts(event)
    if read is not None and not _normal.issuperset(read(event)):
        return _normalised(event)
    return _normalised_scope(event) if type(event) is TargetSet else event


def label_of(text: str) -> str:
    """Give a text in NFC, trimmed, and cut to LABEL_CHARACTERS with `…` as the last one."""
    label = normalize("NFC", text).strip()
    return label if len(label) <= LABEL_CHARACTERS else label[: LABEL_CHARACTERS - 1] + "…"


def patched(
    before: Mapping[str, str] | None, patch: Mapping[str, str | None] | None
) -> Mapping[str, str]:
    """Give the values after a patch: null clears one, and in its place all of them."""
    if patch is None:
        return {}
    merged = {**(before or {}), **patch}
    return {name: value for name, value in merged.items() if value}


def _normalised(event: Common) -> Common:
    kind = type(event)
    changes: dict[str, str | None] = {}
    for name in _LABELS[kind]:
        text = getattr(event, name)
        if text in _normal:
            continue
        label = changes[name] = label_of(text)
        if label:
            _remember(label)
        elif name in _KEYS[kind]:
            raise EmptyLabel(name)
        elif name in _CLEARED[kind]:
            changes[name] = None
    return msgspec.structs.replace(event, **changes)


def _with_texts(event: Any) -> Common:
    """Give an event with its custom values as labels; one without any character is None."""
    found = _texts(event.custom)
    labels = {name: label_of(value) or None if value else None for name, value in found.items()}
    changed: Common = msgspec.structs.replace(event, custom=labels)
    return event if labels == event.custom else changed


def _texts(custom: Mapping[str, Any]) -> dict[str, str | None]:
    """Give the values that can be dimension values as texts, and None for one to be cleared."""
    found: dict[str, str | None] = {}
    for name, value in custom.items():
        if value is None or isinstance(value, str):
            found[name] = value
        elif isinstance(value, bool):
            found[name] = "true" if value else "false"
        elif isinstance(value, int):
            found[name] = str(value)
    return found


def _remember(label: str) -> None:
    if len(_normal) > CACHED_LABELS:
        _normal.clear()
        _normal.update(_absent)
    _normal.add(label)


def _normalised_scope(event: TargetSet) -> TargetSet:
    scope = {
        dimension: value if dimension in UNNAMED_DIMENSIONS else label_of(value)
        for dimension, value in event.scope.items()
    }
    if not all(scope.values()):
        raise EmptyLabel("scope")
    return event if scope == event.scope else msgspec.structs.replace(event, scope=scope)


def join_names(*names: str) -> str:
    """Join names by `/`; one inside a name is written `%2F`, so that no two lists give one text."""
    return "/".join(name.replace("%", "%25").replace("/", "%2F") for name in names)


def split_names(text: str) -> list[str]:
    """Give the names that were joined."""
    return [name.replace("%2F", "/").replace("%25", "%") for name in text.split("/")]
