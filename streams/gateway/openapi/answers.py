"""Answers of the gateway: what is accepted, and the form of every refusal."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from streams.events.formats.schemas import Schema
from streams.gateway.errors import RETRY_SECONDS
from streams.gateway.limits import BODY_BYTES, DEPTH, EVENT_BYTES, EVENTS, PROBLEMS

JSON = "application/json"

PROBLEM: Schema = {
    "type": "object",
    "description": "What is wrong with one event.",
    "required": ["line", "field", "reason"],
    "properties": {
        "line": {
            "type": "integer",
            "minimum": 1,
            "description": "Number of the line, or of the event in its array.",
        },
        "field": {
            "type": ["string", "null"],
            "description": "The field at fault, named as the sender named it: `amount`,"
            " `data.amount`, `time`; null for the event as a whole.",
        },
        "reason": {"type": "string", "description": "What is wrong, for people."},
    },
}
REFUSAL: Schema = {
    "type": "object",
    "description": "Why a request was refused whole. `line`, `field` and `reason` are those of"
    f" the first bad event, and `errors` lists up to {PROBLEMS} of them.",
    "required": ["error"],
    "properties": {
        "error": {"type": "string", "description": "The refusal in one sentence."},
        **PROBLEM["properties"],
        "errors": {
            "type": "array",
            "minItems": 1,
            "maxItems": PROBLEMS,
            "items": {"$ref": "#/components/schemas/Problem"},
        },
    },
    "dependentRequired": {
        "reason": ["line", "field", "errors"],
        "errors": ["line", "field", "reason"],
    },
}
ACCEPTED: Schema = {
    "type": "object",
    "required": ["accepted"],
    "properties": {
        "accepted": {"type": "integer", "minimum": 0, "maximum": EVENTS},
    },
}
STATE: Schema = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"const": "ok"}},
}

_MONEY = "money is written 1234.50"
_WRONG = {"line": 3, "field": "amount", "reason": _MONEY}
# By status: its meaning, and an example of its answer.
_REFUSALS: Mapping[int, tuple[str, Schema]] = MappingProxyType(
    {
        400: (
            "The body is not JSON, not what its `Content-Encoding` names, or broke off.",
            {
                "error": "nothing was accepted: line 2: not JSON: Input data was truncated",
                "line": 2,
                "field": None,
                "reason": "not JSON: Input data was truncated",
                "errors": [
                    {"line": 2, "field": None, "reason": "not JSON: Input data was truncated"}
                ],
            },
        ),
        401: (
            "No token, or a wrong one.",
            {"error": "one header is needed: Authorization: Bearer <token>"},
        ),
        408: (
            "The body or the headers did not come in time: send again.",
            {"error": "the body took longer than 15 s"},
        ),
        413: (
            f"More than {BODY_BYTES} bytes (decompressed), {EVENTS} events, {EVENT_BYTES} bytes in"
            f" one event, or {DEPTH} levels: send smaller requests.",
            {"error": f"the body is longer than {BODY_BYTES} bytes: send several"},
        ),
        415: (
            "Another content type, encoding or charset; the answer names those that are read.",
            {"error": "Content-Encoding is br: send the body as gzip or deflate, or uncompressed"},
        ),
        422: (
            "An event is not valid: correct it. Nothing of the request was accepted.",
            {
                "error": f"nothing was accepted: line 3, field amount: {_MONEY}",
                **_WRONG,
                "errors": [_WRONG],
            },
        ),
        503: (
            "Kafka does not answer, or too many requests or connections are open. Send the same"
            " request again; what was accepted already is not counted twice.",
            {"error": "too many requests in flight: try again shortly"},
        ),
    }
)
_HEADERS: Mapping[int, Schema] = MappingProxyType(
    {
        401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
        415: {"Accept-Encoding": {"schema": {"type": "string"}}},
        503: {
            "Retry-After": {
                "description": "Seconds to wait.",
                "schema": {"type": "integer", "examples": [RETRY_SECONDS]},
            }
        },
    }
)


def refusals(statuses: Iterable[int]) -> Schema:
    """Give the responses of some statuses, each as a reference."""
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}


def responses() -> Schema:
    """Give the refusals by status, as components."""
    found: Schema = {}
    for status, (text, example) in _REFUSALS.items():
        found[str(status)] = {
            "description": text,
            "content": {
                JSON: {"schema": {"$ref": "#/components/schemas/Refusal"}, "example": example}
            },
        }
        if status in _HEADERS:
            found[str(status)]["headers"] = _HEADERS[status]
    return found


def answer(text: str, schema: str, example: Schema) -> Schema:
    """Describe an answer in JSON by the name of its schema."""
    return {
        "description": text,
        "content": {
            JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": example}
        },
    }
