"""The catalogue, row by row, against the contract's table."""

import pytest

from streams.config.settings import Settings
from streams.output.records.kpi_record import Record
from streams.wiring.catalogue import catalogue
from tests.catalogue.contract import (
    BESIDE,
    CONTRACT,
    FIELDS_OF_RECORDS,
    scopes,
)

PUBLISHED = {kpi.name: kpi for kpi in catalogue(Settings()).published}


def test_no_kpi_is_published_that_the_contract_does_not_have() -> None:
    assert PUBLISHED.keys() - CONTRACT.keys() - BESIDE.keys() == set()


@pytest.mark.parametrize("name", [*CONTRACT, *BESIDE])
def test_kpi_has_the_scopes_of_the_contract(name: str) -> None:
    assert {*PUBLISHED[name].published_scopes} == scopes(name)


@pytest.mark.parametrize("field", FIELDS_OF_RECORDS)
def test_what_is_no_kpi_of_its_own_is_a_field_of_records(field: str) -> None:
    assert field in Record.__struct_fields__
    assert field not in PUBLISHED
