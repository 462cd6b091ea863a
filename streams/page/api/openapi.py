"""The OpenAPI 3.1 document of the page's API, as `/openapi.json` serves it."""

from functools import cache
from importlib.metadata import version

import orjson

from streams.output.keys import WINDOWS
from streams.page.api.openapi_page import page_paths
from streams.page.api.openapi_parts import (
    ALERT,
    ENDED,
    ENTRY,
    JSON,
    LANGUAGE,
    POINT,
    POSITION,
    RECORD,
    REFUSAL,
    TEXT,
    Schema,
    answers,
    list_of,
    many,
    one,
    refusals,
)

DISTRIBUTION = "sales-kpi-streams"


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
            **page_paths(),
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
                "Ended": ENDED,
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
            many("start", "Windows that begin on a day, or at an instant.", TEXT),
            one("as_of", "As it was at the end of a day, or at an instant; needs a history."),
        ],
        "responses": answers(
            {"records": list_of("Record"), "position": POSITION}, 400, 401, 404, 503, tagged=True
        ),
    }


def _history() -> Schema:
    return {
        "operationId": "getHistory",
        "summary": "The windows of one KPI and scope, oldest first",
        "parameters": [
            one("kpi", "A name of the catalogue.", required=True),
            one("scope", "`all`, or such as `rep=ann`; `all` without it."),
            one("window", "A kind of window; `day` without it.", {"enum": list(WINDOWS)}),
            one("from", "The first day.", {"type": "string", "format": "date"}),
            one("to", "The last day.", {"type": "string", "format": "date"}),
        ],
        "responses": answers({"points": list_of("Point")}, 400, 401, 404, 503, tagged=True),
    }


def _alerts() -> Schema:
    properties = {"alerts": list_of("Alert"), "ended": list_of("Ended"), "position": POSITION}
    return {
        "operationId": "getAlerts",
        "summary": "The alerts that stand, sorted by key, or that stood at an instant",
        "description": "As of an instant, `alerts` are those that stand to this day. `ended` are"
        " those that have ended since: what they were about is not kept.",
        "parameters": [
            many("scope", "`all` for those of every rep, or such as `rep=ann`.", TEXT),
            one("as_of", "As at the end of a day, or at an instant; needs a history."),
        ],
        "responses": answers(properties, 400, 401, 404, 503, tagged=True, optional=("ended",)),
    }


def _catalogue() -> Schema:
    return {
        "operationId": "getCatalogue",
        "summary": "What each KPI is called and means, and the settings in force",
        "parameters": [one("lang", "Of names and texts; English without it.", LANGUAGE)],
        "responses": answers(
            {"kpis": list_of("Entry"), "settings": {"type": "object"}}, 400, 401, 503, tagged=True
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
            many("start", "Windows that begin on a day, or at an instant.", TEXT),
            one("last_event_id", "The same as the header, which browsers send by themselves."),
            {"name": "Last-Event-ID", "in": "header", "schema": TEXT},
        ],
        "responses": {
            "200": {
                "description": "Until the reader goes.",
                "content": {"text/event-stream": {"schema": TEXT}},
            },
            **refusals(400, 401, 503),
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
        "responses": answers({"status": {"const": "ok"}}, *statuses),
    }


def _selecting() -> list[Schema]:
    return [
        many("kpi", "Names of the catalogue.", TEXT),
        many("scope", "`all`, or such as `rep=ann`.", TEXT),
        many("window", "Kinds of windows.", {"enum": list(WINDOWS)}),
    ]
