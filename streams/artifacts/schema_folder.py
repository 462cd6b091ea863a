"""The generated folder of schemas: every schema, an example of each, and an index."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from streams.artifacts import asyncapi, schema_index
from streams.artifacts.alert_examples import alert_examples
from streams.artifacts.examples import record_examples
from streams.artifacts.json_schemas import (
    ALERT,
    ENTRY,
    RECORD,
    alert_schema,
    entry_schema,
    record_schema,
)
from streams.config.settings import Settings
from streams.engine.catalogue.catalogue import SETTINGS
from streams.events import EVENT_TYPES
from streams.events.formats.examples import event_examples
from streams.events.formats.schemas import event_schema, schema_file
from streams.gateway.openapi import document as openapi
from streams.operations.output_file import CannotWrite, output_file
from streams.wiring.catalogue import NO_RULES, catalogue
from streams.wiring.describe import (
    entries,
    in_force,
)


def write(folder: Path) -> list[Path]:
    """Write every file into a folder, over existing ones; return the paths. Raises CannotWrite."""
    written = []
    for name, content in files():
        path = folder / name
        _make_folder(path.parent)
        with output_file(path) as out:
            out.write(content)
        written.append(path)
    return written


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"cannot make the folder {folder}: {error.strerror}") from error


def files() -> Iterator[tuple[str, bytes]]:
    """Give each file's name and content, the same for the same types and catalogue."""
    for kind in EVENT_TYPES:
        yield schema_file(kind), _json(event_schema(kind))
    yield f"{RECORD}.json", _json(record_schema())
    yield f"{ENTRY}.json", _json(entry_schema())
    for name, event in event_examples():
        yield f"examples/{name}.json", _json(event)
    for name, record in record_examples():
        yield f"examples/{RECORD}.{name}.json", _json(record)
    by_name = entries(catalogue(Settings()))
    yield f"examples/{ENTRY}.json", _json(by_name["deal_size"])
    yield f"examples/catalogue-{SETTINGS}.json", _json(in_force(Settings(), NO_RULES))
    yield f"{ALERT}.json", _json(alert_schema())
    for name, alert in alert_examples():
        yield f"examples/{ALERT}.{name}.json", _json(alert)
    yield "openapi.json", _json(openapi.document())
    yield "asyncapi.json", _json(asyncapi.document())
    yield "README.md", schema_index.page().encode()


def _json(content: dict[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
