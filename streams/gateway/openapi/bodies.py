"""Bodies of requests: events in JSON, lines of them, and CloudEvents."""

import json

from streams.events import EVENT_TYPES
from streams.events.formats.cloudevents import BATCH, STRUCTURED
from streams.events.formats.examples import event_examples
from streams.events.formats.schemas import DATE_TIME, Schema, event_body, type_name
from streams.gateway.canonical import JSON, LINES
from streams.gateway.limits import EVENTS

# What a CloudEvent's attributes hold, so that its data must not.
_OWN = ("id", "type", "at", "subject", "source")
_DATA: Schema = {
    "type": "object",
    "description": "The body of a CloudEvent in binary mode, and `data` of one in any other: the"
    " fields of the event but for those that the attributes hold.",
    "properties": dict.fromkeys(_OWN, False),
}
_ATTRIBUTES: Schema = {
    "specversion": {"const": "1.0"},
    "id": {"type": "string", "minLength": 1},
    "source": {"type": "string", "pattern": r"^\S+$", "format": "uri-reference"},
    "time": {**DATE_TIME, "description": "The event's `at`."},
    "datacontenttype": {
        "type": ["string", "null"],
        "pattern": r"^(application|text)/([A-Za-z0-9_.!#$&^\-]+\+)?json *(;.*)?$",
        "examples": [JSON],
    },
    "data_base64": {"type": "null", "description": "Data in Base64 is refused."},
}


def schemas() -> Schema:
    """Give the schemas of events and of their carriers, as components."""
    bodies = {type_name(kind): event_body(kind) for kind in EVENT_TYPES}
    return {
        "Event": {
            "description": "One fact; `type` says which fields it has. Other fields are ignored.",
            "oneOf": [_component(name) for name in bodies],
            "discriminator": {
                "propertyName": "type",
                "mapping": {name: _component(name)["$ref"] for name in bodies},
            },
        },
        "EventData": _DATA,
        "CloudEvent": {
            "description": "A CloudEvent 1.0. `source` and `id` together are the event's id."
            " Other attributes are ignored.",
            "oneOf": [_component(f"cloudevent.{name}") for name in bodies],
        },
        **bodies,
        **{f"cloudevent.{name}": _cloudevent_body(body) for name, body in bodies.items()},
    }


def _cloudevent_body(event: Schema) -> Schema:
    """Describe the CloudEvent of an event by the schema of the event."""
    fields, required = event["properties"], event["required"]
    needed = [name for name in required if name not in _OWN]
    data: Schema = {
        "type": "object",
        "required": needed,
        "properties": {**fields, **_DATA["properties"]},
    }
    is_reference = "subject" not in required
    subject = {"type": ["string", "null"]} if is_reference else fields["subject"]
    return {
        "type": "object",
        "title": f"CloudEvent {event['title']}",
        "required": [
            *("specversion", "id", "source", "type", "time"),
            *(() if is_reference else ("subject",)),
            *(("data",) if needed else ()),
        ],
        "properties": {
            **_ATTRIBUTES,
            "type": fields["type"],
            "subject": subject,
            "data": data if needed else {"anyOf": [data, {"type": "null"}]},
        },
    }


def content() -> Schema:
    """Give the bodies that `POST /events` reads, by media type."""
    events, one = dict(event_examples()), _component("Event")
    lead, call = events["lead.created"], events["call.ended"]
    several = {"type": "array", "maxItems": EVENTS, "items": one}
    body = {
        "schema": {"anyOf": [one, several, _component("EventData")]},
        "examples": {
            **{name: {"value": event} for name, event in events.items()},
            "several": {"summary": "An array of events", "value": [lead, call]},
            "binary": {
                "summary": "The data of a CloudEvent whose attributes are `ce-` headers",
                "value": _data(call),
            },
        },
    }
    lines = {
        "schema": {
            "type": "string",
            "description": "One event as JSON on each line; blank lines are ignored.",
        },
        "example": "".join(f"{json.dumps(event)}\n" for event in (lead, call)),
    }
    batch = {"type": "array", "maxItems": EVENTS, "items": _component("CloudEvent")}
    return {
        JSON: body,
        **dict.fromkeys(sorted(LINES), lines),
        STRUCTURED: {"schema": _component("CloudEvent"), "example": _cloudevent(call)},
        BATCH: {"schema": batch, "example": [_cloudevent(lead), _cloudevent(call)]},
    }


def headers() -> list[Schema]:
    """Give the headers that `POST /events` reads beside those of HTTP itself.

    Those of the binary mode are not among them: all or none would have to be there, which no
    list of parameters can express.
    """
    return [
        {
            "name": "Content-Encoding",
            "in": "header",
            "description": "The body may be compressed, as `gzip` or `deflate`; limits hold for"
            " what it contains.",
            # No list of values: capitals and spaces do not matter, nor does an empty header.
            "schema": {"type": "string", "examples": ["gzip", "deflate", "identity"]},
        }
    ]


def _component(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _data(event: Schema) -> Schema:
    return {name: value for name, value in event.items() if name not in (*_OWN, "seq")}


def _cloudevent(event: Schema) -> Schema:
    return {
        "specversion": "1.0",
        "id": event["id"],
        "source": "/crm/eu",
        "type": event["type"],
        "time": event["at"],
        "subject": event["subject"],
        "data": _data(event),
    }
