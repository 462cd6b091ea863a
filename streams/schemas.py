"""JSON Schema of everything that goes in and comes out, made from the types themselves."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import orjson

from streams.alerts import ALERTS, KINDS
from streams.engine.catalogue import Kpi
from streams.engine.measures import SPREAD
from streams.events import EVENT_TYPES, REFERENCE_TOPICS
from streams.events.model import Common
from streams.kpis import catalogue
from streams.kpis.describing import SETTINGS, entries, in_force
from streams.publish.alert_record import Alert, alert_examples
from streams.publish.entry import Entry
from streams.publish.examples import event_examples, record_examples
from streams.publish.record import PARTS, Count, Milliseconds, Money, Number, Record
from streams.settings import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAMES = "urn:sales-kpi-streams:schema"
RECORD = "kpi-record"
ALERT = "alert"
ENTRY = "catalogue-entry"
Schema = dict[str, Any]
_VALUES: dict[str, Any] = {"ms": Milliseconds, "money": Money, "ratio": Number, "per_1000": Number}


def write(folder: Path) -> list[Path]:
    """Write every file into a folder, over what is there, and give the paths in order."""
    written = []
    for name, content in files():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append(path)
    return written


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
    said = entries(catalogue(Settings()))
    yield f"examples/{ENTRY}.json", _json(said["deal_size"])
    yield f"examples/catalogue-{SETTINGS}.json", _json(in_force(Settings()))
    yield f"{ALERT}.json", _json(alert_schema())
    for name, alert in alert_examples():
        yield f"examples/{ALERT}.{name}.json", _json(alert)
    yield "README.md", _index().encode()


def schema_file(kind: type[Common]) -> str:
    """Name the file that holds an event type's schema."""
    folder = "reference" if kind.topic in REFERENCE_TOPICS else "events"
    return f"{folder}/{_tag(kind)}.json"


def event_schema(kind: type[Common]) -> Schema:
    """Describe one event type; fields it does not know are allowed, as the streams allow them."""
    body, others = _described(kind)
    schema = {
        "$schema": DIALECT,
        "$id": f"{NAMES}:{schema_file(kind).removesuffix('.json').replace('/', ':')}",
        **body,
        "title": _tag(kind),
        "x-kafka-topic": kind.topic,
    }
    return {**schema, "$defs": others} if others else schema


def record_schema() -> Schema:
    """Describe the records of `sales.kpis`: one alternative a measure and unit."""
    shapes: defaultdict[tuple[str, str, bool], list[str]] = defaultdict(list)
    for kpi in catalogue(Settings()).kpis:
        shapes[kpi.measure.kind, kpi.unit, kpi.measure is SPREAD].append(kpi.name)
    defs: Schema = {}
    for (kind, unit, has_percentiles), names in sorted(shapes.items()):
        body, others = _described(Record[_value(kind, unit), PARTS[kind]])  # type: ignore[misc]
        body["title"] = f"{kind} in {unit}"
        fields = body["properties"]
        fields["kpi"] = {"enum": sorted(names)}
        fields["unit"] = (
            {"type": "string", "pattern": "^money:[A-Z]{3}$", "examples": ["money:EUR"]}
            if unit == "money"
            else {"const": unit}
        )
        if has_percentiles:
            body["required"].append("percentiles")
        else:
            del fields["percentiles"]
            others.pop("Percentiles", None)
        defs |= {**others, f"{kind}_{unit}": body}
    return {
        "$schema": DIALECT,
        "$id": f"{NAMES}:{RECORD}",
        "title": "Record of sales.kpis",
        "description": " ".join((Record.__doc__ or "").split()),
        "x-kafka-topic": "sales.kpis",
        "oneOf": [{"$ref": f"#/$defs/{kind}_{unit}"} for kind, unit, _ in sorted(shapes)],
        "$defs": dict(sorted(defs.items())),
    }


def entry_schema() -> Schema:
    """Describe what `sales.catalogue` says of a KPI."""
    body, others = _described(Entry)
    schema = {
        "$schema": DIALECT,
        "$id": f"{NAMES}:{ENTRY}",
        **body,
        "title": "Entry of sales.catalogue",
        "x-kafka-topic": "sales.catalogue",
    }
    return {**schema, "$defs": others} if others else schema


def alert_schema() -> Schema:
    """Describe the records of `sales.alerts`."""
    body, others = _described(Alert)
    body["properties"]["kind"] = {"enum": [*KINDS]}
    schema = {
        "$schema": DIALECT,
        "$id": f"{NAMES}:{ALERT}",
        **body,
        "title": "Record of sales.alerts",
        "x-kafka-topic": "sales.alerts",
    }
    return {**schema, "$defs": others} if others else schema


def _value(kind: str, unit: str) -> Any:
    """Give the type of a value: a mean of whole numbers is a quotient."""
    return _VALUES.get(unit, Number if kind == "mean" else Count)


def _described(kind: Any) -> tuple[Schema, Schema]:
    """Give a type's own schema and those that it refers to."""
    (reference,), defs = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    return defs.pop(reference["$ref"].rpartition("/")[2]), defs


def _tag(kind: type[Common]) -> str:
    return str(kind.__struct_config__.tag)


def _json(content: Schema) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _index() -> str:
    kinds = [kind for kind in EVENT_TYPES if kind.topic not in REFERENCE_TOPICS]
    reference = [kind for kind in EVENT_TYPES if kind.topic in REFERENCE_TOPICS]
    kpis = sorted(catalogue(Settings()).kpis, key=lambda kpi: kpi.name)
    lines = [
        "# Schemas",
        "",
        "JSON Schema (2020-12) of what goes in and what comes out, generated from the types:"
        " `make schemas` writes this folder anew. Fields that a schema does not name are"
        " allowed and ignored.",
        "",
        "## Events",
        "",
        "One JSON object a Kafka record; the record's key is `subject`.",
        "",
        *_table(kinds),
        "",
        "## Reference records",
        "",
        "Compacted topics; of one key the record with the newest `at` stands. The key is `rep`"
        " for `crm.rep`, `account` for `crm.account`, `id` for `crm.spend`, `currency|date` for"
        " `crm.rate`, and for `crm.target` `kpi|all|window|start` or"
        " `kpi|dimension=member|window|start` with an empty start where the target has none.",
        "",
        *_table(reference),
        "",
        "## KPI records",
        "",
        f"Topic `sales.kpis`, compacted, key `kpi|all|window|start` or"
        f" `kpi|dimension=member|window|start`: [{RECORD}.json]({RECORD}.json). A tombstone"
        " says that a record is gone. The records are written in transactions: read them"
        " `read_committed`.",
        "",
        "| KPI | unit | parts | scopes | what it says | example |",
        "|---|---|---|---|---|---|",
        *map(_row, kpis),
        "",
        "## Alerts",
        "",
        f"Topic `sales.alerts`, compacted, key `kind|subject`: [{ALERT}.json]({ALERT}.json). A"
        " tombstone says that an alert holds no more.",
        "",
        "| kind | what it says | example |",
        "|---|---|---|",
        *map(_alert_row, ALERTS),
        "",
        "## What the KPIs are",
        "",
        f"Topic `sales.catalogue`, compacted: under each KPI's name its entry,"
        f" [{ENTRY}.json]({ENTRY}.json) ([example](examples/{ENTRY}.json)), and under"
        f" `{SETTINGS}` the settings in force ([example](examples/catalogue-{SETTINGS}.json)).",
        "",
    ]
    return "\n".join(lines)


def _table(kinds: list[type[Common]]) -> Iterator[str]:
    yield "| type | topic | what it says | schema | example |"
    yield "|---|---|---|---|---|"
    for kind in kinds:
        tag, file = _tag(kind), schema_file(kind)
        text = " ".join((kind.__doc__ or "").split())
        yield (
            f"| `{tag}` | `{kind.topic}` | {text} | [{tag}.json]({file})"
            f" | [example](examples/{tag}.json) |"
        )


def _alert_row(alert: tuple[str, str]) -> str:
    kind, text = alert
    return f"| `{kind}` | {' '.join(text.split())} | [example](examples/{ALERT}.{kind}.json) |"


def _row(kpi: Kpi) -> str:
    scopes = ", ".join(f"`{scope}`" for scope in ("all", *kpi.scopes))
    parts = ", ".join(f"`{name}`" for name in PARTS[kpi.measure.kind].__struct_fields__)
    unit = "money:…" if kpi.unit == "money" else kpi.unit
    text = " ".join(kpi.text.split())
    return (
        f"| `{kpi.name}` | `{unit}` | {parts} | {scopes} | {text}"
        f" | [example](examples/{RECORD}.{kpi.name}.json) |"
    )
