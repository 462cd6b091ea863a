"""The paths of webhooks, as far as they are the same for all sources."""

from streams.events.formats.schemas import Schema
from streams.gateway.openapi.answers import answer

_TEXT = (
    "What a CRM sends, in its own format, signed or with a secret as its mapping file describes."
    " The answer is the one that this CRM expects. 2xx: Kafka has acknowledged the request, or"
    " it was a set-up request. Requests of sources without a secret are not found."
)
_SOURCE: Schema = {
    "name": "source",
    "in": "path",
    "required": True,
    "description": "The source, as its mapping file is named.",
    "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"},
    "example": "hubspot",
}
_LABEL: Schema = {
    "name": "label",
    "in": "path",
    "required": True,
    "description": "Tells accounts of one CRM apart.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
    "example": "eu",
}


def paths() -> Schema:
    """Give the paths of webhooks."""
    return {
        "/webhooks/{source}": {"post": _post("sendWebhook", _SOURCE)},
        "/webhooks/{source}/{label}": {"post": _post("sendLabelledWebhook", _SOURCE, _LABEL)},
    }


def _post(name: str, *parameters: Schema) -> Schema:
    refused = {"error": "not verified: header x-hubspot-signature-v3 is missing"}
    later = {"error": "not kept: send it again"}
    return {
        "operationId": name,
        "summary": "Send a webhook of a CRM",
        "description": _TEXT,
        "security": [],
        "parameters": list(parameters),
        "requestBody": {"content": {"*/*": {"schema": {}}}},
        "responses": {
            "2XX": {
                "description": "It is in the inbox; body and code are those that the CRM needs."
            },
            "4XX": answer(
                "Not verified, not readable, or too many requests at once.", "Refusal", refused
            ),
            "503": {
                **answer("Kafka does not answer: send it again.", "Refusal", later),
                "headers": {"Retry-After": {"schema": {"type": "integer"}}},
            },
        },
    }
