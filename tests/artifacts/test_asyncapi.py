"""The AsyncAPI document: valid, complete, and its examples are what its schemas describe."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import ConsumerRecord
from jsonschema import Draft7Validator, Draft202012Validator

from streams.artifacts.asyncapi import document
from streams.config.settings import Settings
from streams.events import EVENT_TYPES, Rejected
from streams.internal_topics.dead_letters import Place, dead_letter, unmapped
from streams.kafka.topics import DEAD_LETTERS, INBOX, OUTPUTS, wanted

FOLDER = Path(__file__).parents[2] / "schemas"
# The official schema of AsyncAPI 3.0.0 (Apache-2.0, see NOTICE beside it), as it is published.
OFFICIAL = Draft7Validator(
    orjson.loads((Path(__file__).parent / "asyncapi" / "schema-3.0.0.json").read_bytes())
)
DOCUMENT = document()
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]


def payload_schema(name: str) -> Draft202012Validator:
    """Give the validator of a message's payload."""
    schema = MESSAGES[name]["payload"]["schema"]
    if "$ref" in schema:
        schema = orjson.loads((FOLDER / schema["$ref"]).read_bytes())
    return Draft202012Validator(schema)


def test_the_document_is_asyncapi() -> None:
    assert [error.message for error in OFFICIAL.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize("part", ["channels", "operations", "components", "info"])
def test_document_with_a_broken_part_is_none(part: str) -> None:
    assert not OFFICIAL.is_valid({**DOCUMENT, part: {"unknown": {"unknown": 1}}})


def test_public_topics_are_there_with_their_partitions() -> None:
    public = {
        topic.name: topic.partitions
        for topic in wanted(Settings())
        if (topic.name.startswith("crm.") or topic.name in (*OUTPUTS, DEAD_LETTERS))
        and topic.name != INBOX
    }
    assert len(public) == 18
    assert {
        channel["address"]: channel["bindings"]["kafka"]["partitions"]
        for channel in DOCUMENT["channels"].values()
    } == public


def test_every_type_of_event_is_on_its_topic() -> None:
    for kind in EVENT_TYPES:
        assert str(kind.__struct_config__.tag) in DOCUMENT["channels"][kind.topic]["messages"]


def test_erasures_and_merges_are_on_every_topic_of_events() -> None:
    on = {
        name
        for name, channel in DOCUMENT["channels"].items()
        if {"subject.merged", "subject.erased"} <= channel["messages"].keys()
    }
    assert len(on) == 9


def test_references_lead_to_messages_and_channels() -> None:
    for channel in DOCUMENT["channels"].values():
        for reference in channel["messages"].values():
            assert reference["$ref"].removeprefix("#/components/messages/") in MESSAGES
    for operation in DOCUMENT["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in DOCUMENT["channels"]


@pytest.mark.parametrize("name", MESSAGES)
def test_examples_are_valid(name: str) -> None:
    schema = payload_schema(name)
    for example in MESSAGES[name].get("examples", ()):
        schema.validate(example["payload"])


def test_dead_letters_are_as_described() -> None:
    why = Rejected("missing at", "at", "missing field")
    headers = [("ce_id", b"7"), ("ce_source", None)]
    record = ConsumerRecord("crm.deal", 0, 17, 0, 0, b"lead-1", b"{}", None, 6, 2, headers)
    _, body = dead_letter(record, why, 1_772_616_600_000)
    assert body is not None
    schema = payload_schema("dead-letter")
    letter = orjson.loads(body)
    schema.validate(letter)
    schema.validate({"sent_again": 7, "at": "2026-03-04T09:30:00.000Z"})
    assert letter.keys() == MESSAGES["dead-letter"]["examples"][0]["payload"].keys()
    assert not schema.is_valid({**letter, "offset": "7"})
    place = Place("hubspot/acme", 0, "stage")
    _, of_delivery = unmapped(record, place, "stage", "not in table.stage", 1_772_616_600_000)
    schema.validate(orjson.loads(of_delivery or b""))
    assert not schema.is_valid({"at": letter["at"]})
