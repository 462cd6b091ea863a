"""Whatever a company defines, state stays a function of the set of events."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from tests.histories.strategies import (
    TIMEZONES,
    nows,
    settings_of_reporting,
    small_histories,
)
from tests.laws.published import (
    EventDict,
    Reader,
    bodies,
)
from tests.laws.test_law_of_sets import Stream

CHOICES = {
    "close_rate_by": ("close", "creation"),
    "win": ("latest_run", "first"),
    "owner": ("now", "event"),
    "organisation": ("now", "event"),
    "conversion": ("event", "close"),
    "lost_amount": ("latest", "open"),
    "response_hours": ("calendar", "business"),
}
DEFINITIONS = st.fixed_dictionaries({key: st.sampled_from(it) for key, it in CHOICES.items()})


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@given(st.data(), DEFINITIONS)
def test_order_and_duplication_change_no_byte(
    folder: Path, data: st.DataObject, definitions: dict[str, str]
) -> None:
    events, settings = story(data, folder, definitions)
    again = data.draw(st.lists(st.sampled_from(events), max_size=8)) if events else []
    shuffled = data.draw(st.permutations([*events, *again]))
    assert bodies(shuffled, settings) == bodies(events, settings)


@given(st.data(), DEFINITIONS)
def test_arriving_bit_by_bit_ends_where_a_replay_does(
    folder: Path, data: st.DataObject, definitions: dict[str, str]
) -> None:
    events, settings = story(data, folder, definitions)
    assert settings.now is not None
    arrival = data.draw(st.permutations(events))
    stream = Stream(settings, settings.now - 86_400_000)
    reader = Reader()
    for clock in (settings.now - 86_400_000, settings.now - 1_000, settings.now):
        cut = data.draw(st.integers(0, len(arrival)))
        some, arrival = (arrival[:cut], arrival[cut:]) if clock < settings.now else (arrival, [])
        stream.process(some, clock)
        reader.read(stream.mergers)
    assert reader.records == bodies(events, settings)


def story(
    data: st.DataObject, folder: Path, definitions: dict[str, str]
) -> tuple[list[EventDict], Settings]:
    """Draw a short history of reps in several time zones, and write the rules."""
    events = [resolved(event) for event in data.draw(small_histories())]
    options: dict[str, Any] = data.draw(settings_of_reporting())
    lines = [f'{key} = "{value}"\n' for key, value in definitions.items()]
    file = folder / f"{os.getpid()}.toml"
    file.write_text("[definitions]\n" + "".join(lines))
    return events, Settings(now=data.draw(nows(events)), rules=file, **options)


def resolved(event: EventDict) -> EventDict:
    """Put a rep in a time zone, or in none."""
    if event["type"] != "rep.set":
        return event
    zones = (*TIMEZONES, None)
    zone = zones[crc32(f"{event['id']}{event['at']}".encode()) % len(zones)]
    return event if zone is None else {**event, "timezone": zone}
