"""What is published is what the oracle computes, whatever a history is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.settings import Settings
from tests.histories.events import FOCUSES
from tests.histories.strategies import nows, settings_of_reporting, small_histories
from tests.laws import awaited
from tests.laws.published import replayed
from tests.oracle import difference, records


@pytest.mark.parametrize("focus", FOCUSES)
@given(st.data())
def test_every_published_integer_is_the_oracles(focus: str, data: st.DataObject) -> None:
    events = [it for it in data.draw(small_histories(focus)) if it["type"] not in awaited.TYPES]
    options, now = data.draw(settings_of_reporting()), data.draw(nows(events))
    expected = awaited.without(records(events, now=now, **options))
    actual = replayed(events, Settings(now=now, **options))
    for key in expected.keys() | actual.keys():
        assert difference(expected.get(key), actual.get(key)) is None, key
