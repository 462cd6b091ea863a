"""What the inbox still holds is translated again, by the mapping files of now."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from streams.config.settings import Settings
from streams.internal_topics.inbox import InboxKeys
from streams.operations.dead_letters import read_dead_letters
from streams.operations.sources.replaying.replay import Replayed, replay
from streams.operations.sources.replaying.standing_events import Verdict
from streams.sources.delivery import Delivery
from streams.translation.translator import Translator
from tests.sources.translated import kpis
from tests.translation.acme import (
    BASE_MS,
    MAPPING,
    MISTAKEN,
    change,
    deliver,
    deliveries,
    delivery,
    expected,
    folder_with,
    with_mapping,
    written,
)
from tests.translation.by_task import translate_all


async def translated(settings: Settings, sent: list[Delivery]) -> None:
    """Deliver and translate by the mapping file of now."""
    await deliver(settings, sent, InboxKeys(settings.inbox_key))
    await translate_all(settings)


async def replayed(settings: Settings, at: int = 0) -> Replayed:
    """Translate all deliveries of the CRM again."""
    return await replay(settings, Translator.of(settings), "acme", at)


async def test_after_a_mended_mapping_the_kpis_are_as_if_it_had_always_been_right(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources", MISTAKEN)
    sent = deliveries(0, 300, each=2)
    await translated(used, sent)
    wrong = kpis(await written(used))
    folder_with(tmp_path / "sources", MAPPING)
    right = kpis(expected(used, sent))
    assert wrong != right

    result = await replayed(used)

    assert kpis(await written(used)) == right
    assert result.deliveries == 300
    assert result.events == {Verdict.NEW: 200, Verdict.CORRECTED: 200, Verdict.SAME: 200}
    assert result.unmapped == 0


async def test_second_replay_finds_everything_as_it_is(settings: Settings, tmp_path: Path) -> None:
    used = with_mapping(settings, tmp_path / "sources", MISTAKEN)
    await translated(used, deliveries(0, 60))
    folder_with(tmp_path / "sources", MAPPING)
    await replayed(used)
    before = await written(used)
    assert (await replayed(used)).events == Counter({Verdict.SAME: 60})
    assert await written(used) == before


async def test_mapping_that_is_mended_twice_stands_as_it_is_last(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources", MAPPING)
    sent = deliveries(0, 60)
    await translated(used, sent)
    for mapping in (MISTAKEN, MAPPING, MAPPING.replace('"major"', '"cents"')):
        folder_with(tmp_path / "sources", mapping)
        await replayed(used)
    assert kpis(await written(used)) == kpis(expected(used, sent))


async def test_dead_letters_are_settled_by_the_replay_that_maps_their_items(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources", MISTAKEN)
    sent = [delivery([change(0), change(1), change(3)]), delivery([change(6, stage="odd")])]
    await translated(used, sent)
    assert len([each for each in await read_dead_letters(used) if not each.sent_again]) == 3
    folder_with(tmp_path / "sources", MAPPING)
    result = await replayed(used)
    assert (result.settled, result.unmapped) == (2, 1)
    (left,) = [each for each in await read_dead_letters(used) if not each.sent_again]
    assert "odd" in left.reason
    # Again, so that it is not listed twice.
    await replayed(used)
    assert len([each for each in await read_dead_letters(used) if not each.sent_again]) == 1


async def test_only_deliveries_since_an_instant_are_translated_again(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources", MISTAKEN)
    early, late = change(2), change(5)
    at = BASE_MS + 1
    await translated(used, [delivery([early]), delivery([late], received=at)])
    folder_with(tmp_path / "sources", MAPPING)
    result = await replayed(used, at)
    assert (result.deliveries, result.events[Verdict.CORRECTED]) == (1, 1)


async def test_deliveries_of_other_sources_stay_as_they_are(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources", MAPPING)
    other = MAPPING.replace('source = "acme"', 'source = "other"')
    (tmp_path / "sources" / "other.toml").write_text(other)
    await translated(used, [delivery([change(1)]), delivery([change(1)], source="other")])
    result = await replayed(used)
    assert (result.deliveries, result.events) == (1, {Verdict.SAME: 1})


async def test_encrypted_deliveries_are_translated_again_with_their_key(
    settings: Settings, tmp_path: Path
) -> None:
    used = replace(with_mapping(settings, tmp_path / "sources"), inbox_key="ab" * 32)
    sent = deliveries(0, 20)
    await deliver(used, sent, InboxKeys(used.inbox_key))
    without = replace(used, inbox_key="")
    await translate_all(without)
    assert await written(used) == []
    assert all("SALES_KPIS_INBOX_KEY" in each.reason for each in await read_dead_letters(used))
    result = await replayed(used)
    assert (result.events[Verdict.NEW], result.settled) == (20, 20)
    assert await written(used) == expected(used, sent)


@pytest.mark.parametrize("at", [0, BASE_MS])
async def test_replay_of_an_empty_inbox_does_nothing(
    settings: Settings, tmp_path: Path, at: int
) -> None:
    used = with_mapping(settings, tmp_path / "sources")
    assert await replayed(used, at) == Replayed()
