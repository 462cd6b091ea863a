"""JSON Schema of everything that goes in and comes out, made from the types themselves."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import orjson

from streams.alerts import ALERTS, KINDS
from streams.artifacts.alert_examples import alert_examples
from streams.artifacts.examples import event_examples, record_examples
from streams.config.settings import Settings
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi
from streams.events import EVENT_TYPES, REFERENCE_TOPICS
from streams.events.model import Common
from streams.output.records.alert_record import Alert
from streams.output.records.catalogue_entry import Entry
from streams.output.records.kpi_record import PARTS as KIND_PARTS
from streams.output.records.kpi_record import (
    Count,
    Milliseconds,
    Money,
    Number,
    Record,
)
from streams.output.records.plan_parts import PLAN_PARTS
from streams.wiring.catalogue import catalogue
from streams.wiring.describe import (
    SETTINGS,
    entries,
    in_force,
    percentiles,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAMES = "urn:sales-kpi-streams:schema"
RECORD = "kpi-record"
ALERT = "alert"
ENTRY = "catalogue-entry"
Schema = dict[str, Any]
# Pay and forecast have parts of their own.
PARTS = {**KIND_PARTS, **PLAN_PARTS}
_VALUES: dict[str, Any] = {
    "ms": Milliseconds,
    "money": Money,
    "money_per_day": Money,
    "ratio": Number,
    "per_1000": Number,
    "score": Number,
}
_CURRENCIES = {"money": "", "money_per_day": "/day"}


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
    text = entries(catalogue(Settings()))
    yield f"examples/{ENTRY}.json", _json(text["deal_size"])
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
    """Describe the records of `sales.kpis`: one alternative a measure, unit and percentiles."""
    shapes: defaultdict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for kpi in catalogue(Settings()).published:
        shapes[_parts(kpi), kpi.unit, percentiles(kpi)].append(kpi.name)
    defs: Schema = {}
    names: list[str] = []
    for (kind, unit, ranks), kpis in sorted(shapes.items()):
        value = _value(kind, unit)
        aim = Number if value is Count else value
        body, others = _described(Record[value, PARTS[kind], aim])  # type: ignore[valid-type]
        name = f"{kind}_{unit}"
        is_derived = kind == "derived" or kind in PLAN_PARTS
        body["title"] = f"{kind} in {unit}"
        fields = body["properties"]
        fields["kpi"] = {"enum": sorted(kpis)}
        fields["unit"] = _unit(unit)
        if ranks:
            body["required"].append("percentiles")
            if is_derived:
                fields["percentiles"] = _ranks(ranks, fields["value"])
        else:
            del fields["percentiles"]
        if is_derived or not ranks:
            others.pop("Percentiles", None)
        defs |= {**others, name: body}
        names.append(name)
    return {
        "$schema": DIALECT,
        "$id": f"{NAMES}:{RECORD}",
        "title": "Record of sales.kpis",
        "description": " ".join((Record.__doc__ or "").split()),
        "x-kafka-topic": "sales.kpis",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in names],
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


def _parts(kpi: Kpi | Derived) -> str:
    """Say in `PARTS` which parts a KPI's records have."""
    return kpi.name if kpi.name in PLAN_PARTS else kpi.kind


def _unit(unit: str) -> Schema:
    if unit not in _CURRENCIES:
        return {"const": unit}
    end = _CURRENCIES[unit]
    pattern = f"^money:[A-Z]{{3}}{end}$"
    return {"type": "string", "pattern": pattern, "examples": [f"money:EUR{end}"]}


def _ranks(ranks: tuple[str, ...], value: Schema) -> Schema:
    """Describe the percentiles of a derived KPI: they are what its values are."""
    return {"type": "object", "required": [*ranks], "properties": dict.fromkeys(ranks, value)}


def _value(kind: str, unit: str) -> Any:
    """Give the type of a value: a mean of whole numbers is a quotient."""
    return _VALUES.get(unit, Number if kind in ("mean", "derived") else Count)


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
    kpis = sorted(catalogue(Settings()).published, key=lambda kpi: kpi.name)
    lines = [
        "# Schemas",
        "",
        "JSON Schema (2020-12) of what goes in and what comes out, generated from the types:"
        " `make generated` rewrites this folder. Fields that a schema does not name are"
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
        " `kpi|dimension=value|window|start` with an empty start where the target has none.",
        "",
        *_table(reference),
        "",
        "## KPI records",
        "",
        f"Topic `sales.kpis`, compacted, key `kpi|all|window|start` or"
        f" `kpi|dimension=value|window|start`: [{RECORD}.json]({RECORD}.json). A tombstone"
        " says that a record is gone. The records are written in transactions: read them"
        " `read_committed`.",
        "",
        "| KPI | unit | parts | scopes | what it says | example |",
        "|---|---|---|---|---|---|",
        *map(_event_line, kpis),
        "",
        "## Alerts",
        "",
        f"Topic `sales.alerts`, compacted, key `kind|subject`: [{ALERT}.json]({ALERT}.json). A"
        " tombstone says that an alert holds no more.",
        "",
        "| kind | what it says | example |",
        "|---|---|---|",
        *map(_alert_line, ALERTS),
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


def _alert_line(alert: tuple[str, str]) -> str:
    kind, text = alert
    return f"| `{kind}` | {' '.join(text.split())} | [example](examples/{ALERT}.{kind}.json) |"


def _event_line(kpi: Kpi | Derived) -> str:
    scopes = ", ".join(f"`{scope}`" for scope in kpi.published_scopes)
    if isinstance(kpi, Derived) and kpi.name not in PLAN_PARTS:
        named = kpi.shown
    else:
        named = PARTS[_parts(kpi)].__struct_fields__
    parts = ", ".join(f"`{name}`" for name in named)
    unit = f"money:…{_CURRENCIES[kpi.unit]}" if kpi.unit in _CURRENCIES else kpi.unit
    text = " ".join(kpi.text.split())
    return (
        f"| `{kpi.name}` | `{unit}` | {parts} | {scopes} | {text}"
        f" | [example](examples/{RECORD}.{kpi.name}.json) |"
    )
