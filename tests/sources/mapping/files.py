"""Mapping files of one test each, and what they make of an item."""

import json
from pathlib import Path
from typing import Any

import pytest

from streams.config.declaration import BadSetting
from streams.sources.loading import sources
from streams.sources.mapping import Translation, translate
from streams.sources.source import Source
from tests.sources.translated import KEY, delivery

HEAD = 'source = "acme"\n'
# A rule that lacks nothing.
RULE = """[[event]]
type = "deal.changed"
id = "id"
at = { from = "at", time = "ms" }
subject = { from = "id", link = "deal" }
deal = "id"
"""
AT = 1_795_000_000_000
ITEM = {"id": 7, "at": AT}


def acme(folder: Path, text: str) -> Source:
    """Load a text as the file of the source `acme`."""
    (folder / "acme.toml").write_text(HEAD + text)
    return sources(folder)["acme"]


def refusal(folder: Path, text: str) -> str:
    """The message with which the text of the source `acme` is refused."""
    (folder / "acme.toml").write_text(HEAD + text)
    with pytest.raises(BadSetting) as refused:
        sources(folder)
    return str(refused.value)


def outcome(folder: Path, text: str, body: object, **fields: Any) -> Translation:
    """What the source `acme` makes of a body."""
    return translate(acme(folder, text), delivery("acme", body, **fields), KEY)


def deal(
    folder: Path,
    fields: str,
    item: dict[str, Any],
    rest: str = "",
    without: str = "",
    body: bytes | None = None,
) -> dict[str, Any]:
    """The event that a rule with some more fields, or without one, makes of an item."""
    text = f"{rule(without)}{fields}\n{rest}"
    found = outcome(folder, text, [{**ITEM, **item}] if body is None else body)
    assert not found.unmapped, found.unmapped
    (event,) = found.events
    made: dict[str, Any] = json.loads(event)
    return made


def reason(
    folder: Path, fields: str, item: dict[str, Any], rest: str = "", without: str = ""
) -> tuple[str | None, str]:
    """The field and the reason for which a rule cannot be filled."""
    found = outcome(folder, f"{rule(without)}{fields}\n{rest}", [{**ITEM, **item}])
    assert not found.events
    (unmapped,) = found.unmapped
    return unmapped.field, unmapped.reason


def rule(without: str = "") -> str:
    """The usual rule, without one of its fields."""
    return "".join(line for line in RULE.splitlines(keepends=True) if line.split(" ")[0] != without)
