"""The OpenAPI 3.1 document of the page's API, as `/openapi.json` serves it."""

from functools import cache
from importlib.metadata import version
from typing import Any

import orjson

from streams.output.keys import WINDOWS

Schema = dict[str, Any]
DISTRIBUTION = "sales-kpi-streams"
JSON = "application/json"
TEXT: Schema = {"type": "string"}
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
    },
}
ENTRY: Schema = {
    "type": "object",
    "description": "What there is to know of a KPI (catalogue-entry.json).",
    "required": ["kpi", "unit", "text"],
    "properties": {"kpi": TEXT, "unit": TEXT, "text": TEXT},
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
    404: "There is nothing of this.",
    503: "Not now; `Retry-After` says when.",
}


def document() -> Schema:
    """Give the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sales KPI streams: the page",
            "version": version(DISTRIBUTION),
            "description": "The current KPIs, their past, the alerts and a stream of changes. Every"
            " answer has what the asker may see, and nothing of anything else: a scope that may"
            " not be seen is answered as one that has no records.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The server of this document"}],
        "security": [{"token": []}, {"session": []}, {}],
        "paths": {
            "/api/kpis": {"get": _kpis()},
            "/api/history": {"get": _history()},
            "/api/alerts": {"get": _alerts()},
            "/api/catalogue": {"get": _catalogue()},
            "/api/stream": {"get": _stream()},
            "/openapi.json": {"get": _itself()},
            "/livez": {"get": _probe("isAlive", "Whether the process is alive.")},
            "/readyz": {"get": _probe("isReady", "Whether all topics are read.", 503)},
        },
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of a rule in `[[page.access]]`.",
                },
                "session": {"type": "apiKey", "in": "cookie", "name": "sales_kpis_session"},
            },
            "schemas": {
                "Record": RECORD,
                "Alert": ALERT,
                "Entry": ENTRY,
                "Point": POINT,
                "Refusal": REFUSAL,
            },
        },
    }


@cache
def encoded() -> bytes:
    """Give the document as JSON."""
    return orjson.dumps(document())


def _kpis() -> Schema:
    return {
        "operationId": "getKpis",
        "summary": "Records that are asked for, sorted by key",
        "description": "Repeated parameters mean any of them; without one, all there are. At most"
        " 10,000 records.",
        "parameters": [
            *_selecting(),
            _many("start", "Windows that begin on a day, or at an instant.", TEXT),
            _one("as_of", "As it was at the end of a day, or at an instant; needs a history."),
        ],
        "responses": _answers(
            {"records": _list("Record"), "position": POSITION}, 400, 401, 404, 503, tagged=True
        ),
    }


def _history() -> Schema:
    return {
        "operationId": "getHistory",
        "summary": "The windows of one KPI and scope, oldest first",
        "parameters": [
            _one("kpi", "A name of the catalogue.", required=True),
            _one("scope", "`all`, or such as `rep=ann`; `all` without it."),
            _one("window", "A kind of window; `day` without it.", {"enum": list(WINDOWS)}),
            _one("from", "The first day.", {"type": "string", "format": "date"}),
            _one("to", "The last day.", {"type": "string", "format": "date"}),
        ],
        "responses": _answers({"points": _list("Point")}, 400, 401, 404, 503, tagged=True),
    }


def _alerts() -> Schema:
    return {
        "operationId": "getAlerts",
        "summary": "The alerts that stand, sorted by key",
        "parameters": [_many("scope", "`all` for those of every rep, or such as `rep=ann`.", TEXT)],
        "responses": _answers(
            {"alerts": _list("Alert"), "position": POSITION}, 400, 401, 503, tagged=True
        ),
    }


def _catalogue() -> Schema:
    return {
        "operationId": "getCatalogue",
        "summary": "What each KPI means, and the settings in force",
        "responses": _answers(
            {"kpis": _list("Entry"), "settings": {"type": "object"}}, 400, 401, 503, tagged=True
        ),
    }


def _stream() -> Schema:
    return {
        "operationId": "getStream",
        "summary": "Every change, as server-sent events",
        "description": "`record` and `alert` have `{key, record}`, null for one that is withdrawn;"
        " `ready` follows the last current record; `reset` precedes the first, and says that"
        " everything from before is void; `age` says every 5 s how old the last change is. A slow"
        " reader gets the newest record of each key, not every one between.",
        "parameters": [
            *_selecting(),
            _many("start", "Windows that begin on a day, or at an instant.", TEXT),
            _one("last_event_id", "The same as the header, which browsers send by themselves."),
            {"name": "Last-Event-ID", "in": "header", "schema": TEXT},
        ],
        "responses": {
            "200": {
                "description": "Until the reader goes.",
                "content": {"text/event-stream": {"schema": TEXT}},
            },
            **_refusals(400, 401, 503),
        },
    }


def _itself() -> Schema:
    return {
        "operationId": "getDescription",
        "summary": "This document",
        "security": [],
        "responses": {
            "200": {
                "description": "OpenAPI 3.1",
                "content": {JSON: {"schema": {"type": "object"}}},
            }
        },
    }


def _probe(name: str, text: str, *statuses: int) -> Schema:
    return {
        "operationId": name,
        "summary": text,
        "security": [],
        "responses": _answers({"status": {"const": "ok"}}, *statuses),
    }


def _selecting() -> list[Schema]:
    return [
        _many("kpi", "Names of the catalogue.", TEXT),
        _many("scope", "`all`, or such as `rep=ann`.", TEXT),
        _many("window", "Kinds of windows.", {"enum": list(WINDOWS)}),
    ]


def _many(name: str, text: str, items: Schema) -> Schema:
    schema = {"type": "array", "items": items, "maxItems": 200}
    return {"name": name, "in": "query", "description": text, "schema": schema}


def _one(name: str, text: str, schema: Schema = TEXT, *, required: bool = False) -> Schema:
    return {
        "name": name, "in": "query", "description": text, "schema": schema, "required": required
    }  # fmt: skip


def _list(name: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


def _answers(properties: Schema, *statuses: int, tagged: bool = False) -> Schema:
    content = {"type": "object", "required": list(properties), "properties": properties}
    good: Schema = {"description": "It is.", "content": {JSON: {"schema": content}}}
    if not tagged:
        return {"200": good, **_refusals(*statuses)}
    good["headers"] = {"ETag": {"description": "Send it back as `If-None-Match`.", "schema": TEXT}}
    return {
        "200": good,
        "304": {"description": "The asker has it already."},
        **_refusals(*statuses),
    }


def _refusals(*statuses: int) -> Schema:
    schema = {"$ref": "#/components/schemas/Refusal"}
    return {
        str(status): {"description": REFUSALS[status], "content": {JSON: {"schema": schema}}}
        for status in statuses
    }
