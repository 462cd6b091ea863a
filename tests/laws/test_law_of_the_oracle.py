"""What is published is what the oracle computes, whatever a history is about."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.config.settings import Settings
from tests.histories.focuses import FOCUSES
from tests.histories.strategies import (
    crowds,
    milliseconds,
    nows,
    settings_of_reporting,
    small_histories,
)
from tests.laws.merging import stories_of_accounts
from tests.laws.published import EventDict, replayed
from tests.oracle import difference, records

CHOICES = {
    "close_rate_by": ("close", "creation"),
    "win": ("latest_run", "first"),
    "owner": ("now", "event"),
    "conversion": ("event", "close"),
    "lost_amount": ("latest", "open"),
    "organisation": ("now", "event"),
}
# The pipeline of each deal: where a pipeline has its own order, one that moves into another
# pipeline has no order of its stages.
PIPELINE_OF = {"deal-1": "sales", "deal-2": "renewals"}
PIPELINES: dict[str, Any] = {
    "renewals": {"stages": ["contract", "contact"], "probability": {"contact": "0.75"}}
}
RULES = st.fixed_dictionaries(
    {
        "definitions": st.fixed_dictionaries(
            {name: st.sampled_from(choices) for name, choices in CHOICES.items()}
        ),
        "stages": st.sampled_from(((), ("contact", "offer", "contract"), ("offer", "contact"))),
        "fiscal_calendar": st.sampled_from(("months", "445")),
        "forecast_floor": st.sampled_from((1, 2, 20)),
        "pipelines": st.sampled_from(({}, PIPELINES)),
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
    events = [settled(event) for event in data.draw(small_histories())]
    options = data.draw(settings_of_reporting())
    now = data.draw(nows(events))
    rules.write_text(written(chosen))
    expected = records(events, now=now, stage_probability=probability, **chosen, **options)
    reporting = Settings(now=now, rules=rules, stage_probability=probability, **options)
    compare(expected, events, reporting)


@given(stories_of_accounts())
def test_what_an_erasure_leaves_of_merged_accounts_is_the_oracles_too(
    story: tuple[list[EventDict], dict[str, Any], int],
) -> None:
    events, options, now = story
    compare(records(events, now=now, **options), events, Settings(now=now, **options))


@settings(max_examples=5)
@given(crowds())
def test_labels_beyond_the_hundred_largest_are_the_oracles_too(events: list[EventDict]) -> None:
    now = milliseconds("2026-01-03T00:00:00Z")
    compare(records(events, now=now), events, Settings(now=now))


def test_probabilities_of_deals_in_one_stage_are_rounded_together_as_the_oracle_does() -> None:
    deal = {"type": "deal.changed", "at": "2026-03-02T09:00:00Z", "stage": "offer"}
    fields = {"amount": "0.01", "currency": "EUR", "expected_close": "2026-03-31"}
    events = [
        {"id": str(n), "subject": "lead-1", "deal": f"deal-{n}", "probability": p, **deal, **fields}
        for n, p in enumerate((0.5, 0.6))
    ]
    now = milliseconds("2026-03-03T00:00:00Z")
    expected = records(events, now=now)
    assert expected["forecast|all|month|2026-03-01T00:00:00+00:00"]["value"] == "0.01"
    compare(expected, events, Settings(now=now))


def settled(event: EventDict) -> EventDict:
    """Keep a deal in its pipeline, and in some stage once it has been in one."""
    if event["type"] != "deal.changed":
        return event
    kept = {name: it for name, it in event.items() if name != "stage" or it}
    return {**kept, "pipeline": PIPELINE_OF[event["deal"]]}


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
            *(
                line
                for name, pipeline in chosen["pipelines"].items()
                for line in (
                    f"[pipelines.{name}]",
                    f"stages = {json.dumps(pipeline['stages'])}",
                    f"[pipelines.{name}.probability]",
                    *(f'{it} = "{share}"' for it, share in pipeline["probability"].items()),
                )
            ),
        ]
    )


def compare(expected: dict[str, Any], events: list[EventDict], reporting: Settings) -> None:
    """Hold a replay's records against what is expected of them."""
    actual = replayed(events, reporting)
    for key in expected.keys() | actual.keys():
        assert difference(expected.get(key), actual.get(key)) is None, key
