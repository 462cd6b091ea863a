"""What `sales.catalogue` says is what its schema allows."""

import pytest
from jsonschema import Draft202012Validator

from streams.artifacts.json_schemas import entry_schema
from streams.config.settings import Settings
from streams.wiring.catalogue import catalogue
from streams.wiring.describe import entries

ENTRIES = entries(catalogue(Settings()))


@pytest.mark.parametrize("name", ENTRIES)
def test_entry_matches_the_schema(name: str) -> None:
    schema = entry_schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(ENTRIES[name])
    assert ENTRIES[name].keys() <= schema["properties"].keys()
