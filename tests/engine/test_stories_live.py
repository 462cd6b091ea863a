"""Stories with values by hand, through both stages as time passes, and as a replay."""

import pytest

from tests.engine.live import Live, replayed
from tests.engine.stories import STORIES
from tests.kpis.story import instant, moment, told

each_story = pytest.mark.parametrize("name", STORIES)


@each_story
def test_replay_of_any_instant_has_the_values_of_then(name: str) -> None:
    story = STORIES[name]
    options = {"timezone": "Europe/Berlin"} | story.options
    for now, records in story.then.items():
        found = told(*story.events, now=now, **options)
        assert all(record.is_in(found) for record in records)


@each_story
@pytest.mark.parametrize("arriving", ["in time", "all in advance"])
def test_output_of_both_stages_has_them_as_time_passes(name: str, arriving: str) -> None:
    story = STORIES[name]
    waiting = sorted(story.events, key=lambda event: instant(event["at"]))
    live = Live(waiting[0]["at"], **story.options)
    if arriving == "all in advance":
        live.add(*reversed(waiting))
        waiting = []
    for now, records in story.then.items():
        while waiting and instant(waiting[0]["at"]) <= instant(now):
            event = waiting.pop(0)
            live.advance(event["at"]).add(event)
        live.advance(moment(now))
        assert all(record.is_in(live.told()) for record in records)
        fresh = live.published()
        expected = replayed(*story.events, now=now, **story.options)
        assert [fresh[key] for key in sorted(fresh)] == expected


@each_story
def test_output_of_both_stages_has_them_when_all_comes_late(name: str) -> None:
    story = STORIES[name]
    now, records = list(story.then.items())[-1]
    live = Live(story.events[0]["at"], **story.options)
    live.advance(moment(now)).add(*reversed(story.events))
    assert all(record.is_in(live.told()) for record in records)
    fresh = live.published()
    expected = replayed(*story.events, now=now, **story.options)
    assert [fresh[key] for key in sorted(fresh)] == expected
