"""JSON Schemas of records, catalogue entries and alerts, generated from the types."""

from collections import defaultdict
from typing import Any

from streams.alerts import KINDS
from streams.config.settings import Settings
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi
from streams.events.formats.schemas import DIALECT, NAMES, Schema, described
from streams.output.records.alert_record import AlertRecord
from streams.output.records.catalogue_entry import CatalogueEntry
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

RECORD = "kpi-record"
ALERT = "alert"
ENTRY = "catalogue-entry"
# Commission and forecast have parts of their own.
PARTS = {**KIND_PARTS, **PLAN_PARTS}
_VALUES: dict[str, Any] = {
    "ms": Milliseconds,
    "money": Money,
    "money_per_day": Money,
    "ratio": Number,
    "per_1000": Number,
    "score": Number,
}
CURRENCY_SUFFIXES = {"money": "", "money_per_day": "/day"}


def record_schema() -> Schema:
    """Describe the records of `sales.kpis`: one alternative per measure, unit and percentiles."""
    shapes: defaultdict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for kpi in catalogue(Settings()).published:
        shapes[parts_name(kpi), kpi.unit, kpi.percentiles].append(kpi.name)
    defs: Schema = {}
    names: list[str] = []
    for (kind, unit, ranks), kpis in sorted(shapes.items()):
        value = _value(kind, unit)
        aim = Number if value is Count else value
        body, others = described(Record[value, PARTS[kind], aim])  # type: ignore[valid-type]
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
    """Describe the entry of a KPI on `sales.catalogue`."""
    body, others = described(CatalogueEntry)
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
    body, others = described(AlertRecord)
    body["properties"]["kind"] = {"enum": [*KINDS]}
    schema = {
        "$schema": DIALECT,
        "$id": f"{NAMES}:{ALERT}",
        **body,
        "title": "Record of sales.alerts",
        "x-kafka-topic": "sales.alerts",
    }
    return {**schema, "$defs": others} if others else schema


def parts_name(kpi: Kpi | Derived) -> str:
    """Give the key in `PARTS` of the parts in a KPI's records."""
    return kpi.name if kpi.name in PLAN_PARTS else kpi.kind


def _unit(unit: str) -> Schema:
    if unit not in CURRENCY_SUFFIXES:
        return {"const": unit}
    end = CURRENCY_SUFFIXES[unit]
    pattern = f"^money:[A-Z]{{3}}{end}$"
    return {"type": "string", "pattern": pattern, "examples": [f"money:EUR{end}"]}


def _ranks(ranks: tuple[str, ...], value: Schema) -> Schema:
    """Describe the percentiles of a derived KPI, which have the type of its values."""
    return {"type": "object", "required": [*ranks], "properties": dict.fromkeys(ranks, value)}


def _value(kind: str, unit: str) -> Any:
    """Give the type of a value; a mean of whole numbers is a quotient."""
    return _VALUES.get(unit, Number if kind in ("mean", "derived") else Count)
