"""A short form of `make fuzz`: random requests of every source, a few hundred in all seconds."""

from streams.config.settings import Settings
from tests.gateway.fuzz.requests import fuzzed_settings
from tests.gateway.fuzz.run import run
from tests.gateway.processes import process

INPUTS = 60


async def test_random_requests_of_every_source_are_answered_without_a_failure(
    settings: Settings,
) -> None:
    fuzzed, targets = fuzzed_settings(settings)
    assert len(targets) > 25
    events = accepted = 0
    async with process(fuzzed) as (child, url):
        for target in targets:
            outcome = await run(url, child.pid, target, INPUTS, seed=7)
            assert outcome.failures == [], target.name
            assert sum(outcome.statuses.values()) == INPUTS
            events += outcome.events
            accepted += outcome.statuses[200]
    assert accepted > 100
    assert events > 0
