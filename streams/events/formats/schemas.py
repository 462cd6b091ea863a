"""JSON Schemas of events, generated from their types."""

from typing import Any

import msgspec

from streams.events import REFERENCE_TOPICS, Common, SubjectEvent, clearable

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAMES = "urn:sales-kpi-streams:schema"
Schema = dict[str, Any]
# From FIRST_YEAR to LAST_YEAR, which `decode` accepts.
_YEARS = r"(19[7-9][0-9]|2[01][0-9]{2})"
_DAY = rf"{_YEARS}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
_OFFSET = r"([Zz]|[+\-]([01][0-9]|2[0-3]):[0-5][0-9])"
DATE: Schema = {"type": "string", "format": "date", "pattern": f"^{_DAY}$"}
DATE_TIME: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": f"^{_DAY}[Tt ]{_TIME}{_OFFSET}$",
}


def schema_file(kind: type[Common]) -> str:
    """Give the name of the file with the schema of an event type."""
    folder = "reference" if kind.topic in REFERENCE_TOPICS else "events"
    return f"{folder}/{type_name(kind)}.json"


def topics(kind: type[Common]) -> list[str]:
    """Give the topics to which the gateway writes an event that names none."""
    return list(kind.topic_of_each_kind) if issubclass(kind, SubjectEvent) else [kind.topic]


def event_schema(kind: type[Common]) -> Schema:
    """Describe one event type; unknown fields are allowed, as the streams allow them."""
    return {
        "$schema": DIALECT,
        "$id": f"{NAMES}:{schema_file(kind).removesuffix('.json').replace('/', ':')}",
        **event_body(kind),
    }


def event_body(kind: type[Common]) -> Schema:
    """Describe one event type as a part of another document."""
    body, others = described(kind)
    for field in body["properties"].values():
        for part in (field, *field.get("anyOf", ())):
            part.update({"date": DATE, "date-time": DATE_TIME}.get(part.get("format"), {}))
    for name in clearable(kind):
        # An empty text clears a field of a patch, as null does.
        alternatives = body["properties"][name]["anyOf"]
        is_any_text = alternatives[0].keys() <= {"type", "description"}
        if not is_any_text or alternatives[0]["type"] != "string":
            alternatives.append({"const": ""})
    names = topics(kind)
    schema = {
        **body,
        "title": type_name(kind),
        "description": " ".join((kind.__doc__ or "").split()),
        "x-kafka-topic": names[0] if len(names) == 1 else names,
    }
    return {**schema, "$defs": others} if others else schema


def type_name(kind: type[Common]) -> str:
    """Give the `type` of an event type on the wire."""
    return str(kind.__struct_config__.tag)


def described(kind: Any) -> tuple[Schema, Schema]:
    """Give the schema of a type, and those that it refers to."""
    (reference,), defs = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    return defs.pop(reference["$ref"].rpartition("/")[2]), defs
