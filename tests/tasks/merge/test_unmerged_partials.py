"""Partials on their way to the merger: the newest of each, in the order in which they came."""

from aiokafka import ConsumerRecord

from streams.internal_topics.partials import encode
from streams.tasks.merge.unmerged_partials import UnmergedPartials
from tests.installation.counting import counted
from tests.installation.counting_merger import CountingMerger


def record(offset: int, key: str, count: int) -> ConsumerRecord:
    value = encode(counted(count) if count else {})
    return ConsumerRecord("partials", 0, offset, 0, 0, key.encode(), value, None, 0, 0, ())


def merged(unmerged: UnmergedPartials, merger: CountingMerger) -> CountingMerger:
    while unmerged.merge_step(merger):
        pass
    return merger


def test_newest_of_each_partial_is_merged() -> None:
    unmerged = UnmergedPartials()
    unmerged.add([record(0, "0|rep=ann", 1), record(1, "1|rep=ann", 2), record(3, "0|rep=ann", 5)])
    assert (len(unmerged), unmerged.source_offset) == (2, 4)
    merger = merged(unmerged, CountingMerger(0))
    assert merger.partials == {("rep=ann", 0): counted(5), ("rep=ann", 1): counted(2)}
    assert len(unmerged) == 0


def test_records_before_the_offset_are_skipped() -> None:
    unmerged = UnmergedPartials()
    unmerged.add([record(7, "0|rep=ann", 1)])
    unmerged.add([record(6, "0|rep=ann", 9), record(7, "0|rep=ann", 9), record(8, "0|rep=bob", 2)])
    assert merged(unmerged, CountingMerger(0)).partials == {
        ("rep=ann", 0): counted(1),
        ("rep=bob", 0): counted(2),
    }


def test_partial_that_changes_between_two_steps_is_merged_again() -> None:
    unmerged, merger = UnmergedPartials(), CountingMerger(0)
    unmerged.add([record(offset, f"0|rep={offset}", 1) for offset in range(15)])
    assert unmerged.merge_step(merger)
    unmerged.add([record(15, "0|rep=14", 3)])
    assert len(unmerged) == 6
    assert merged(unmerged, merger).partials["rep=14", 0] == counted(3)
