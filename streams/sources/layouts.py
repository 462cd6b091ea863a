"""Compiling [body] of a mapping file."""

from streams.sources.bodies.layout import FORMATS, Layout
from streams.sources.mapping.compile_path import compiled_path
from streams.sources.paths import Path
from streams.sources.written import Entry

_KEYS = ("format", "field", "items", "with", "each", "pairs", "volatile", "json", "add")


def layout(entry: Entry | None) -> Layout:
    """Compile the layout of bodies; mistakes are noted. Without an entry it is plain JSON."""
    if entry is None:
        return Layout()
    if not isinstance(entry.value, dict):
        entry.wrong_key("must be a table: write [body] and its keys below")
        return Layout()
    entry.known(_KEYS, "key")
    found = {name: each for name, each in entry.entries() if name in _KEYS}
    form = found["format"].option(FORMATS, "format") if "format" in found else "json"
    if form == "json-in-form" and "field" not in found:
        entry.wrong_key("has no field: name the form's field that holds the JSON")
    added = _paths(found.get("add"), "must be a table, such as { new = \"status == '1'\" }")
    return Layout(
        form or "json",
        (found["field"].text() or "") if "field" in found else "",
        compiled_path(found["items"]) if "items" in found else None,
        _paths(found.get("with"), 'must be a table, such as { account = "account" }'),
        compiled_path(found["each"]) if "each" in found else None,
        _pair(found.get("pairs")),
        (*_dotted(found.get("volatile")), *((name,) for name in added or ())),
        _dotted(found.get("json")),
        added,
    )


def _paths(entry: Entry | None, wanted: str) -> dict[str, Path] | None:
    if entry is None:
        return None
    if not isinstance(entry.value, dict):
        entry.wrong(wanted)
        return None
    return {name: compiled_path(each) for name, each in entry.entries()}


def _pair(entry: Entry | None) -> tuple[str, str] | None:
    if entry is None:
        return None
    names = _texts(entry)
    if names is None or len(names) != 2:
        entry.wrong('must name two keys: ["key", "value"]')
        return None
    return names[0], names[1]


def _dotted(entry: Entry | None) -> tuple[tuple[str, ...], ...]:
    if entry is None:
        return ()
    names = _texts(entry)
    if names is None:
        entry.wrong('must be a list of dotted names, such as ["meta.attempt"]')
    return tuple(tuple(name.split(".")) for name in names or ())


def _texts(entry: Entry) -> list[str] | None:
    is_list = isinstance(entry.value, list)
    is_texts = is_list and all(isinstance(each, str) and each for each in entry.value)
    return entry.value if is_texts else None
