"""What is published is what the oracle computes, whatever a history is about."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from tests.histories.events import FOCUSES
from tests.histories.strategies import (
    nows,
    settings_of_reporting,
    small_histories,
)
from tests.laws.published import EventDict, replayed
from tests.oracle import difference, records

CHOICES = {
    "close_rate_by": ("close", "creation"),
    "win": ("latest_run", "first"),
    "owner": ("now", "event"),
    "conversion": ("event", "close"),
    "lost_amount": ("latest", "open"),
}
RULES = st.fixed_dictionaries(
    {
        "definitions": st.fixed_dictionaries(
            {name: st.sampled_from(choices) for name, choices in CHOICES.items()}
        ),
        "stages": st.sampled_from(((), ("contact", "offer", "contract"), ("offer", "contact"))),
        "fiscal_calendar": st.sampled_from(("months", "445")),
        "forecast_floor": st.sampled_from((1, 2, 20)),
    }
)
STAGE_PROBABILITY = st.sampled_from(({}, {"offer": "0.4"}, {"offer": "0.125", "contract": "1"}))


@pytest.mark.parametrize("focus", FOCUSES)
@given(st.data())
def test_every_published_integer_is_the_oracles(focus: str, data: st.DataObject) -> None:
    events, options = data.draw(small_histories(focus)), data.draw(settings_of_reporting())
    now = data.draw(nows(events))
    compare(records(events, now=now, **options), events, Settings(now=now, **options))


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the name of a rules file that each example writes anew."""
    return tmp_path_factory.mktemp("oracle") / "rules.toml"


@given(st.data(), RULES, STAGE_PROBABILITY)
def test_whatever_a_company_defines_the_oracle_agrees(
    rules: Path, data: st.DataObject, chosen: dict[str, Any], probability: dict[str, str]
) -> None:
    events, options = data.draw(small_histories()), data.draw(settings_of_reporting())
    now = data.draw(nows(events))
    rules.write_text(written(chosen))
    expected = records(events, now=now, stage_probability=probability, **chosen, **options)
    settings = Settings(now=now, rules=rules, stage_probability=probability, **options)
    compare(expected, events, settings)


def written(chosen: dict[str, Any]) -> str:
    """Write the choices as a rules file."""
    return "\n".join(
        [
            "[definitions]",
            *(f'{name} = "{choice}"' for name, choice in chosen["definitions"].items()),
            f"stages = {json.dumps(chosen['stages'])}" if chosen["stages"] else "",
            "[calendar]",
            f'fiscal_calendar = "{chosen["fiscal_calendar"]}"',
            "[forecast]",
            f"floor = {chosen['forecast_floor']}",
        ]
    )


def compare(expected: dict[str, Any], events: list[EventDict], settings: Settings) -> None:
    """Hold a replay's records against what is expected of them."""
    actual = replayed(events, settings)
    for key in expected.keys() | actual.keys():
        assert difference(expected.get(key), actual.get(key)) is None, key
