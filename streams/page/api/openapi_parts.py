"""The parts of which the OpenAPI document is made: schemas, parameters, answers."""

from collections.abc import Collection
from typing import Any

from streams.languages import LANGUAGES
from streams.output.keys import WINDOWS

Schema = dict[str, Any]
JSON = "application/json"
TEXT: Schema = {"type": "string"}
LANGUAGE: Schema = {"enum": list(LANGUAGES)}
RECORD: Schema = {
    "type": "object",
    "description": "A record as on `sales.kpis` (kpi-record.json), with its key. Money is decimal"
    " text: it is exact.",
    "required": ["key", "kpi", "scope", "window", "start", "value", "unit"],
    "properties": {
        "key": TEXT,
        "kpi": TEXT,
        "scope": {"type": "object", "maxProperties": 1, "additionalProperties": TEXT},
        "window": {"enum": list(WINDOWS)},
        "start": {"type": "string", "format": "date-time"},
        "value": {"type": ["number", "string", "null"]},
        "unit": TEXT,
    },
}
ALERT: Schema = {
    "type": "object",
    "description": "An alert as on `sales.alerts` (alert.json), with its key.",
    "required": ["key", "kind", "subject", "rep", "since", "text"],
    "properties": {
        "key": TEXT,
        "kind": TEXT,
        "subject": TEXT,
        "rep": {"type": ["string", "null"]},
        "since": {"type": "string", "format": "date-time"},
        "text": TEXT,
        "channel": {"type": "string", "description": "Of a lead that has one."},
    },
}
ENDED: Schema = {
    "type": "object",
    "description": "An alert that has ended.",
    "required": ["kind", "rep", "since", "ended"],
    "properties": {
        "kind": TEXT,
        "rep": {"type": ["string", "null"]},
        "since": {"type": "string", "format": "date-time"},
        "ended": {"type": "string", "format": "date-time"},
    },
}
ENTRY: Schema = {
    "type": "object",
    "description": "What there is to know of a KPI (catalogue-entry.json).",
    "required": ["kpi", "title", "unit", "text", "text_language", "in_force"],
    "properties": {
        "kpi": TEXT,
        "title": {"type": "string", "description": "Its name for people."},
        "unit": TEXT,
        "text": TEXT,
        "text_language": {
            **LANGUAGE,
            "description": "English where the text that is published is not translated.",
        },
        "in_force": {
            "type": "object",
            "description": "The settings that its numbers depend on, by their path in `settings`.",
        },
    },
}
POINT: Schema = {
    "type": "object",
    "required": ["start", "value", "record"],
    "properties": {
        "start": {"type": "string", "format": "date-time"},
        "value": {"type": ["number", "string", "null"]},
        "record": {"type": "object", "description": "The newest record of the window."},
    },
}
REFUSAL: Schema = {
    "type": "object",
    "required": ["error", "field", "reason"],
    "properties": {
        "error": TEXT,
        "field": {"type": ["string", "null"], "description": "The parameter at fault."},
        "reason": {"type": "string", "description": "What is wrong, for people."},
    },
}
POSITION: Schema = {
    "type": ["string", "null"],
    "description": "The id from which `/api/stream?last_event_id=` goes on; null for the past.",
}
REFUSALS = {
    400: "A parameter cannot be meant; `field` names it.",
    401: "Nobody who may look.",
    403: "Who asks may not do this, or another site has sent it.",
    404: "There is nothing of this.",
    413: "More than is accepted.",
    503: "Not now; `Retry-After` says when.",
}


def many(name: str, text: str, items: Schema) -> Schema:
    """Describe a parameter that may be repeated."""
    schema = {"type": "array", "items": items, "maxItems": 200}
    return {"name": name, "in": "query", "description": text, "schema": schema}


def one(name: str, text: str, schema: Schema = TEXT, *, required: bool = False) -> Schema:
    """Describe a parameter that is given once."""
    return {
        "name": name, "in": "query", "description": text, "schema": schema, "required": required
    }  # fmt: skip


def list_of(name: str) -> Schema:
    """Describe a list of one of the schemas."""
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


def answers(
    properties: Schema, *statuses: int, tagged: bool = False, optional: Collection[str] = ()
) -> Schema:
    """Describe an object as the answer, and what may be answered instead."""
    required = [name for name in properties if name not in optional]
    content = {"type": "object", "required": required, "properties": properties}
    good: Schema = {"description": "It is.", "content": {JSON: {"schema": content}}}
    if not tagged:
        return {"200": good, **refusals(*statuses)}
    good["headers"] = {"ETag": {"description": "Send it back as `If-None-Match`.", "schema": TEXT}}
    return {
        "200": good,
        "304": {"description": "The asker has it already."},
        **refusals(*statuses),
    }


def refusals(*statuses: int) -> Schema:
    """Describe answers that give a reason."""
    schema = {"$ref": "#/components/schemas/Refusal"}
    return {
        str(status): {"description": REFUSALS[status], "content": {JSON: {"schema": schema}}}
        for status in statuses
    }
