"""No record is so large that it ends its task: what cannot be written is named or rejected."""

import base64

import orjson

from streams.config.settings import Settings
from streams.internal_topics.progress import behind
from streams.kafka import topics
from streams.operations.findings import check_progress
from streams.wiring.core import build_core
from tests.installation.installed import (
    event,
    eventually,
    output,
    partials,
    produce,
    produce_bytes,
    records,
)
from tests.installation.limits import accept
from tests.installation.tasks import hands


async def test_poison_of_the_largest_size_has_its_bytes_in_the_dead_letter(
    settings: Settings,
) -> None:
    poison = b"x" * 1_000_000
    await produce_bytes(settings, "crm.lead", poison)
    await produce(settings, [event(1)])
    async with hands(settings) as own:
        for number in range(settings.partitions):
            await own.read(await own.shard(number))
    (letter,) = await records(settings, topics.DEAD_LETTERS)
    assert base64.b64decode(orjson.loads(letter.value)["value"]) == poison
    assert sum((await partials(settings)).values()) == 1


async def test_dead_letter_that_is_too_large_goes_without_the_bytes(settings: Settings) -> None:
    await accept(settings, topics.DEAD_LETTERS, 10_000)
    await produce_bytes(settings, "crm.lead", b"x" * 9_000)
    await produce_bytes(settings, "crm.lead", b"y")
    async with hands(settings) as own:
        await own.read(await own.shard())
        assert own.noted.topics_of_set_aside == []
    large, small = [orjson.loads(r.value) for r in await records(settings, topics.DEAD_LETTERS)]
    assert (large["offset"], large["value"]) == (0, None)
    assert "; its 9000 bytes are too many for a dead letter" in large["reason"]
    assert (small["offset"], base64.b64decode(small["value"])) == (1, b"y")


async def test_event_that_the_state_does_not_accept_is_a_dead_letter(settings: Settings) -> None:
    # Half of what is left after 4,096 bytes: 7,952.
    await accept(settings, topics.state(settings), 20_000)
    await produce(settings, [event(number, subject="lead-1") for number in (1, 2)])
    await produce(settings, [event(3, subject="lead-1", comment="c" * 8_000)])
    async with hands(settings) as own:
        for number in range(settings.partitions):
            await own.read(await own.shard(number))
        assert own.noted.rejections == [("crm.lead", "out of range")]
    (letter,) = await records(settings, topics.DEAD_LETTERS)
    assert orjson.loads(letter.value)["reason"] == "larger than the state accepts"
    assert sum((await partials(settings)).values()) == 2


async def test_partial_that_is_too_large_is_named_until_it_can_be_written(
    settings: Settings,
) -> None:
    # More than a transaction's marker, and less than any partial.
    await accept(settings, topics.PARTIALS, 90)
    await produce(settings, [event(1, subject="lead-1")])
    async with hands(settings) as own:
        shards = [await own.shard(number) for number in range(settings.partitions)]
        for shard in shards:
            await own.read(shard)
        assert own.noted.topics_of_set_aside == [topics.PARTIALS]

        async def is_reported() -> bool:
            for shard in shards:
                await shard.tick()
            return bool((await behind(settings)).set_aside)

        await eventually(is_reported)
    found = await behind(settings)
    (named,) = found.set_aside
    assert "kpi.partials: " in named
    assert "|crm.lead (" in named
    first = check_progress(found)[0]
    assert (first.verdict, named in first.what) == ("WRONG", True)
    assert await partials(settings) == {}
    await accept(settings, topics.PARTIALS, 1_000_000)
    async with hands(settings) as own:
        await own.read_all()
    assert sum((await partials(settings)).values()) == 1
    assert (await behind(settings)).set_aside == ()


async def test_losses_for_260_reasons_of_4_kb_are_published_in_records_of_their_size(
    settings: Settings,
) -> None:
    lost = [
        event(
            number,
            "deal.changed",
            subject="lead-1",
            deal=str(number),
            status="lost",
            reason=f"{number:03} {'x' * 4_000}",
        )
        for number in range(260)
    ]
    await produce(settings, lost)
    await accept(settings, topics.KPIS, 100_000)
    async with hands(settings) as own:
        await own.read_all(build_core(settings))
        assert own.noted.topics_of_set_aside == []
    found = {key: body for key, body in (await output(settings)).items() if "|month|" in key}
    counts = found["lost_reasons|all|month|2026-05-01T00:00:00+00:00"]["parts"]["counts"]
    assert counts.pop("other") == 160
    assert counts == {f"{number:03} {'x' * 195}…": 1 for number in range(100)}
