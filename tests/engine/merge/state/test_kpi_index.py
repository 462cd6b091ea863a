"""Sets of KPIs as masks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.merge.state.kpi_index import (
    KpiIndex,
    KpiMask,
    lowest,
)
from streams.wiring.catalogue import catalogue

KPIS = catalogue(Settings()).kpis
INDEX = KpiIndex(KPIS)
MASKS = st.integers(0, (1 << len(KPIS)) - 1).map(KpiMask)


def test_kpi_is_found_by_name_number_and_bit() -> None:
    for number, kpi in enumerate(KPIS):
        assert INDEX.by_name[kpi.name] is INDEX.kpis[number] is kpi
        assert INDEX.bits[kpi.name] == 1 << number
        assert list(INDEX.names(INDEX.bits[kpi.name])) == [kpi.name]


@given(MASKS)
def test_names_of_a_mask_make_the_mask(mask: KpiMask) -> None:
    assert INDEX.mask(INDEX.names(mask)) == mask
    assert list(INDEX.numbers(mask)) == [n for n in range(len(KPIS)) if mask >> n & 1]


def test_unknown_name_is_an_error_unless_it_may_be_one() -> None:
    names = [KPIS[0].name, "unknown"]
    assert INDEX.mask_of_known(names) == 1
    with pytest.raises(KeyError):
        INDEX.mask(names)


@given(MASKS, st.integers(0, 200))
def test_lowest_kpis_of_a_mask_are_the_first(mask: KpiMask, count: int) -> None:
    assert list(INDEX.numbers(lowest(mask, count))) == list(INDEX.numbers(mask))[:count]
