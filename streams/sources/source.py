"""A source: one mapping file, read, checked and compiled."""

from collections.abc import Mapping
from dataclasses import dataclass

from streams.sources.api import Api
from streams.sources.auth import DeliveryRules, Handshake, Recipe
from streams.sources.bodies.layout import Layout
from streams.sources.exports.layout import FileLayout
from streams.sources.mapping.rules import Rule


@dataclass(frozen=True, slots=True)
class Source:
    """One source of events.

    Attributes:
        name: Its name in addresses, settings and subjects.
        title: Its name for people.
        recipe: How its requests are verified; without schemes for a source of files alone.
        handshakes: Its set-up requests, with their answers.
        delivery: How it is answered, and what of its requests is kept.
        body: How its bodies are laid out.
        events: Its rules, in the order of the file.
        tables: [table.*]: texts by text.
        defaults: [defaults]: texts by name.
        files: [file.*]: kinds of exported files, by name.
        api: How its records are read and those changed are listed, or None.
        digest: The version of the mapping: changes with anything in the file.
    """

    name: str
    title: str
    recipe: Recipe
    handshakes: tuple[Handshake, ...]
    delivery: DeliveryRules
    body: Layout
    events: tuple[Rule, ...]
    tables: Mapping[str, Mapping[str, str]]
    defaults: Mapping[str, str]
    files: Mapping[str, FileLayout]
    api: Api | None
    digest: str
