"""The OpenAPI 3.1 document of the gateway, as `/openapi.json` serves it."""

from functools import cache
from importlib.metadata import version

import orjson

from streams.events.formats.schemas import DIALECT, Schema
from streams.gateway.openapi import answers, bodies, webhooks
from streams.gateway.openapi.answers import answer, refusals

DISTRIBUTION = "sales-kpi-streams"
_TEXT = "text/plain"
_OPENMETRICS = "application/openmetrics-text"


def document() -> Schema:
    """Give the document, the same for the same types of events."""
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": {
            "title": "Sales KPI streams: the gateway",
            "version": version(DISTRIBUTION),
            "description": "Accepts events from the CRM and writes them to Kafka. A request is"
            " accepted whole or refused whole, and answered once Kafka has acknowledged all of"
            " it. The same event again changes nothing, so that any request may be repeated.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The gateway that serves this document"}],
        "security": [{"token": []}],
        "paths": {
            "/events": {"post": _post(), "options": _options()},
            **webhooks.paths(),
            "/livez": {"get": _probe("isAlive", "Whether the process is alive.")},
            "/healthz": {"get": _probe("isHealthy", "The same as `/livez`.")},
            "/readyz": {"get": _probe("isReady", "Whether events would be accepted now.", 503)},
            "/metrics": {"get": _metrics()},
            "/openapi.json": {"get": _itself()},
        },
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token that the gateway was started with"
                    " (`SALES_KPIS_TOKEN`); one without a token listens on this machine alone.",
                }
            },
            "responses": answers.responses(),
            "schemas": {
                "Accepted": answers.ACCEPTED,
                "Refusal": answers.REFUSAL,
                "Problem": answers.PROBLEM,
                "State": answers.STATE,
                **bodies.schemas(),
            },
        },
    }


@cache
def encoded() -> bytes:
    """Give the document as JSON."""
    return orjson.dumps(document())


def _post() -> Schema:
    return {
        "operationId": "sendEvents",
        "summary": "Send events",
        "description": "Canonical events as one JSON object, as an array, or one per line; or"
        " CloudEvents 1.0 in structured, batch or binary mode. `text/json` and every type that"
        " ends in `+json` are read as `application/json`.\n\nBinary mode: a request with any"
        " header that begins with `ce-` is one CloudEvent. `ce-specversion` (`1.0`), `ce-id`,"
        " `ce-source`, `ce-type`, `ce-time` and, but for reference records, `ce-subject` are"
        " needed, percent-encoded; the body is `data` (schema `EventData`) in a type of JSON.",
        "parameters": bodies.headers(),
        "requestBody": {"required": True, "content": bodies.content()},
        "responses": {
            "202": answer("Kafka has acknowledged all events.", "Accepted", {"accepted": 1}),
            **refusals([400, 401, 408, 413, 415, 422, 503]),
        },
    }


def _options() -> Schema:
    origin = {"type": "string", "pattern": r"^[A-Za-z0-9*_.:\-]{1,255}$"}
    rate = {"type": "string", "pattern": "^[1-9][0-9]{0,17}$"}
    return {
        "operationId": "permitEvents",
        "summary": "Ask for permission to send",
        "description": "The validation request of CloudEvents' webhooks. `WebHook-Request-Callback`"
        " is never called.",
        "parameters": [
            _header("WebHook-Request-Origin", "The sender, as one DNS name.", origin),
            _header("WebHook-Request-Rate", "Requests a minute; no rate is limited.", rate),
        ],
        "responses": {
            "200": {
                "description": "Permitted, if the headers say so.",
                "headers": {
                    "Allow": {"required": True, "schema": {"const": "POST"}},
                    "WebHook-Allowed-Origin": {"schema": origin},
                    "WebHook-Allowed-Rate": {"schema": {"const": "*"}},
                },
            },
            **refusals([400, 401, 503]),
        },
    }


def _probe(name: str, text: str, *statuses: int) -> Schema:
    return {
        "operationId": name,
        "summary": text,
        "security": [],
        "responses": {"200": answer("It is.", "State", {"status": "ok"}), **refusals(statuses)},
    }


def _metrics() -> Schema:
    text = {"schema": {"type": "string"}}
    return {
        "operationId": "getMetrics",
        "summary": "The gateway's metrics for Prometheus",
        "responses": {
            "200": {
                "description": "In the form that `Accept` asks for; compressed where it may be.",
                "content": {_TEXT: text, _OPENMETRICS: text},
            },
            **refusals([401, 503]),
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
                "content": {answers.JSON: {"schema": {"type": "object"}}},
            },
            **refusals([503]),
        },
    }


def _header(name: str, text: str, schema: Schema) -> Schema:
    return {"name": name, "in": "header", "description": text, "schema": schema}
