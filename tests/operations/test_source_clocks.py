"""A source whose clock runs ahead is named, and by how much."""

import time
from dataclasses import replace

from streams.config.settings import Settings
from streams.operations.doctor import check_sources
from streams.operations.senders import newest_records, sources_ahead
from tests.installation.installed import event, produce

DAY_S = 86_400


def ahead(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + seconds)) + "Z"


async def test_source_that_dates_events_ahead_is_named(settings: Settings) -> None:
    live = replace(settings, now=None)
    await produce(
        live,
        [
            event(1, at=ahead(3_600), source="hubspot"),
            event(2, at=ahead(60), source="hubspot"),
            event(3, at=ahead(600)),
            event(4, at=ahead(-600), source="on time"),
            event(5, at=ahead(2 * DAY_S), source="a plan"),
        ],
    )
    records = await newest_records(live)
    found = sources_ahead(records, live.clock())
    assert found.keys() == {"hubspot", "crm.lead"}
    # Less what it took to send them.
    assert 3_500_000 < found["hubspot"] <= 3_600_000
    assert 500_000 < found["crm.lead"] <= 600_000
    first, second = check_sources(live, records)
    assert first.what.startswith("crm.lead dates events")
    assert second.what.startswith("hubspot dates events")
    assert {first.verdict, second.verdict} == {"look"}


async def test_sources_that_are_on_time_are_not_named(settings: Settings) -> None:
    await produce(settings, [event(number) for number in range(20)])
    live = replace(settings, now=None)
    assert check_sources(live, await newest_records(live)) == []
