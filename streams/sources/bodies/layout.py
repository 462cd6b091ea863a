"""How a source lays out its bodies: [body] of a mapping file."""

from collections.abc import Mapping
from dataclasses import dataclass

from streams.sources.paths import Path

FORMATS = ("json", "form", "brackets", "entities", "soap", "json-in-form", "auto")


@dataclass(frozen=True, slots=True)
class Layout:
    """[body] of a mapping file.

    Attributes:
        format: One of FORMATS.
        field: The form's field that holds the JSON, of `json-in-form`.
        items: What gives the list of items; None: the body, or each element of a list.
        copied: Values of the whole body that each item gets, by name: `with` in the file.
        each: The list inside an item that fans it out; one element is under `each`.
        pairs: Names of key and value, where lists of such objects are objects.
        volatile: Paths that differ from one delivery to the next, left out of `@digest`.
        texts: Paths whose texts hold JSON, which is parsed: `json` in the file.
        added: Values computed of each item, by name, in this order: `add` in the file.
    """

    format: str = "json"
    field: str = ""
    items: Path | None = None
    copied: Mapping[str, Path] | None = None
    each: Path | None = None
    pairs: tuple[str, str] | None = None
    volatile: tuple[tuple[str, ...], ...] = ()
    texts: tuple[tuple[str, ...], ...] = ()
    added: Mapping[str, Path] | None = None
