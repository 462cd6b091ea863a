"""What a merge task reports as published while something waits all the time."""

from dataclasses import replace

import pytest

from streams.config.settings import Settings
from streams.internal_topics.progress import read_reports
from streams.kafka.reader import ends
from streams.tasks.load_control import Load
from streams.tasks.merge import publish_schedule
from tests.installation.counting_merger import SLOW, WIDE
from tests.installation.installed import values
from tests.installation.tasks import hands
from tests.tasks.merge.partials import REPS, publish_partials

LONG = 3600.0


@pytest.fixture
def later_rounds_without_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let later rounds come without load only, and those that follow the first never again."""
    reports = "streams.tasks.merge.publication_reports"
    monkeypatch.setattr(f"{reports}.BUSY_PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr(f"{reports}.PROGRESS_SECONDS", 0.0)
    by_load, total = publish_schedule.ByLoad, publish_schedule.TOTAL_POLICY
    policy = replace(
        total,
        following=replace(total.following, min_s=by_load(LONG, LONG, LONG, LONG), max_s=LONG),
        later=replace(total.later, min_s=by_load(0, LONG, LONG, LONG), max_s=LONG),
    )
    monkeypatch.setattr(publish_schedule, "TOTAL_POLICY", policy)


@pytest.mark.usefixtures("later_rounds_without_load")
async def test_report_says_how_far_all_is_published_while_newer_changes_wait(
    settings: Settings,
) -> None:
    async with hands(replace(settings, publish_interval_ms=0)) as own:
        merger = await own.board(REPS)

        async def read(**partials: int) -> tuple[int, int]:
            """Publish partials; return their end, and up to where all is reported as published."""
            named = {f"0|rep={name}": count for name, count in partials.items()}
            await publish_partials(settings, named)
            await own.read(merger)
            found = await ends(settings, [merger._source], committed=True)
            reports = await read_reports(settings)
            return found[merger._source], reports[f"merge/{REPS}"]["partials"]

        own.demand = Load.HEAVY
        await read(slow=1, wide=1)
        end_of_slow, first = await read(slow=2, ann=2)
        _, reported = await read(ann=3)
        assert reported == first
        _, reported = await read(wide=2)
        assert reported == first
        assert await values(settings) == {SLOW: 1, WIDE: 1, "rep=ann": 3}
        own.demand = Load.IDLE
        end, reported = await read(ann=4)
        assert await values(settings) == {SLOW: 2, WIDE: 1, "rep=ann": 4}
        assert end_of_slow <= reported < end
