"""The AsyncAPI 3 document of the public topics: what comes in, and what goes out."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

from streams.artifacts.alert_examples import alert_examples
from streams.artifacts.examples import record_examples
from streams.artifacts.json_schemas import ALERT, ENTRY, RECORD
from streams.config.settings import Settings
from streams.engine.catalogue.catalogue import SETTINGS
from streams.events import EVENT_TYPES, REFERENCE_TOPICS, SOURCE_TOPICS, SubjectEvent
from streams.events.formats.examples import event_examples
from streams.events.formats.schemas import Schema, schema_file, topics, type_name
from streams.gateway.openapi.document import DISTRIBUTION
from streams.kafka.topics import ALERTS, CATALOGUE, DEAD_LETTERS, KPIS
from streams.kafka.topics import wanted as wanted_topics
from streams.wiring.catalogue import catalogue
from streams.wiring.describe import entries

FORMAT = "application/schema+json;version=draft-2020-12"
_BINDING = "0.5.0"
_RECORD_KEY = "`kpi|all|window|start` or `kpi|dimension=value|window|start`"
# By topic: what the key of its records is.
_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "crm.rep": "The rep.",
        "crm.account": "The account.",
        "crm.spend": "The id of the record.",
        "crm.target": f"{_RECORD_KEY}; the start may be empty.",
        "crm.rate": "`currency|date`",
        KPIS: f"{_RECORD_KEY}.",
        ALERTS: "`kind|subject`",
        CATALOGUE: f"The name of a KPI, or `{SETTINGS}`.",
        DEAD_LETTERS: "The key of the record that was no event.",
    }
)
_SUBJECT = "The subject in UTF-8; Kafka's default partitioner (murmur2) decides the partition."
_BASE64 = {"type": ["string", "null"], "contentEncoding": "base64"}
_COUNT = {"type": "integer", "minimum": 0}
DEAD_LETTER: Schema = {
    "type": "object",
    "title": "Record of crm.dead-letters",
    "description": "A record that is no event, or the note that a corrected one was sent again.",
    "anyOf": [
        {
            "required": [
                *("reason", "field", "topic", "partition", "offset"),
                *("timestamp", "key", "value", "headers", "at"),
            ]
        },
        {"required": ["sent_again", "at"]},
    ],
    "properties": {
        "reason": {"type": "string"},
        "field": {"type": ["string", "null"]},
        "topic": {"type": "string"},
        "partition": _COUNT,
        "offset": {"type": "integer", "description": "-1 for an event that has waited."},
        "timestamp": {"type": "integer", "description": "Of the record, in milliseconds."},
        "key": _BASE64,
        "value": _BASE64,
        "headers": {
            "type": "array",
            "items": {"type": "array", "prefixItems": [{"type": "string"}, _BASE64]},
        },
        "at": {"type": "string", "format": "date-time"},
        "source": {
            "type": "string",
            "description": "Of a delivery in `crm.inbox`: its source, and account after a slash.",
        },
        "item": {**_COUNT, "description": "Number in the delivery, from 1; 0 is all of it."},
        "rule": {"type": "string", "description": "Name of the rule that failed, or empty."},
        "sent_again": {**_COUNT, "description": "Offset of the dead letter."},
    },
}
_DEAD_LETTER_EXAMPLE: Schema = {
    "reason": "money is written 1234.50",
    "field": "amount",
    "topic": "crm.deal",
    "partition": 0,
    "offset": 17,
    "timestamp": 1772616600000,
    "key": "bGVhZC0x",
    "value": "eyJhbW91bnQiOiIxLDIzNC41MCJ9",
    "headers": [],
    "at": "2026-03-04T09:30:00.000Z",
}


def document() -> Schema:
    """Give the document; it refers to the schemas beside it, and is valid in their folder."""
    messages = _messages()
    carried = _carried()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sales KPI streams: the topics",
            "version": version(DISTRIBUTION),
            "description": "CRM events come in on `crm.*`, sales KPIs go out on `sales.*`. An event"
            " may also be a CloudEvent 1.0 of the Kafka binding, in structured or binary mode. What"
            " goes out is written in transactions: read it with"
            " `isolation.level=read_committed`.",
            "license": {"name": "Apache 2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "127.0.0.1:9092",
                "protocol": "kafka",
                "description": "The bootstrap address of your Kafka.",
            }
        },
        "channels": {
            topic.name: _channel(topic.name, topic.partitions, topic.config, carried[topic.name])
            for topic in wanted_topics(Settings())
            if topic.name in carried
        },
        "operations": {
            **{f"read.{topic}": _operation("receive", topic) for topic in _inputs()},
            **{f"write.{topic}": _operation("send", topic) for topic in _outputs()},
        },
        "components": {"messages": messages},
    }


def _inputs() -> tuple[str, ...]:
    return (*SOURCE_TOPICS, *REFERENCE_TOPICS)


def _outputs() -> tuple[str, ...]:
    return (KPIS, ALERTS, CATALOGUE, DEAD_LETTERS)


def _carried() -> dict[str, list[str]]:
    """Give the names of the messages on each topic."""
    found: dict[str, list[str]] = {topic: [] for topic in (*_inputs(), *_outputs())}
    for kind in EVENT_TYPES:
        # What is about a whole subject may be on any topic of events.
        on = SOURCE_TOPICS if issubclass(kind, SubjectEvent) else topics(kind)
        for topic in on:
            found[topic].append(type_name(kind))
    found[KPIS], found[ALERTS], found[DEAD_LETTERS] = [RECORD], [ALERT], ["dead-letter"]
    found[CATALOGUE] = [ENTRY, f"catalogue-{SETTINGS}"]
    return found


def _messages() -> Schema:
    events = dict(event_examples())
    records = dict(record_examples())
    entry = entries(catalogue(Settings()))["deal_size"]
    settings = {"type": "object", "description": "The settings and definitions in force."}
    return {
        **{
            type_name(kind): _message(
                " ".join((kind.__doc__ or "").split()),
                {"$ref": f"./{schema_file(kind)}"},
                [events[type_name(kind)]],
            )
            for kind in EVENT_TYPES
        },
        RECORD: _message(
            "A value of a KPI; null: it no longer exists.",
            {"$ref": f"./{RECORD}.json"},
            [records["response_time"]],
        ),
        ALERT: _message(
            "Something to look at; null: it no longer holds.",
            {"$ref": f"./{ALERT}.json"},
            [alert for _, alert in alert_examples()],
        ),
        ENTRY: _message("What a KPI is.", {"$ref": f"./{ENTRY}.json"}, [entry]),
        f"catalogue-{SETTINGS}": _message("The settings in force.", settings, []),
        "dead-letter": _message("A record that is no event.", DEAD_LETTER, [_DEAD_LETTER_EXAMPLE]),
    }


def _message(summary: str, schema: Schema, examples: Iterable[Any]) -> Schema:
    message: Schema = {
        "summary": summary,
        "contentType": "application/json",
        "payload": {"schemaFormat": FORMAT, "schema": schema},
    }
    if found := [{"payload": example} for example in examples]:
        message["examples"] = found
    return message


def _channel(topic: str, partitions: int, config: Mapping[str, str], messages: list[str]) -> Schema:
    configuration: Schema = {"cleanup.policy": [config["cleanup.policy"]]}
    if "retention.ms" in config:
        configuration["retention.ms"] = int(config["retention.ms"])
    return {
        "address": topic,
        "description": f"The key of a record: {_KEYS.get(topic, _SUBJECT)}",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "kafka": {
                "topic": topic,
                "partitions": partitions,
                "topicConfiguration": configuration,
                "bindingVersion": _BINDING,
            }
        },
    }


def _operation(action: str, topic: str) -> Schema:
    return {"action": action, "channel": {"$ref": f"#/channels/{topic}"}}
