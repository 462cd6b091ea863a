"""Rankings: ranks as counted one by one, and everybody whose rank moves is named."""

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.calendars.calendar import Window
from streams.engine.merge.state.rankings import (
    Number,
    Ranking,
    Rankings,
)

REPS = tuple("abcdefghijkl")
CHANGES = st.dictionaries(
    st.sampled_from(REPS), st.none() | st.integers(-2, 3) | st.sampled_from((0.5, 1.5))
)


def counted(values: dict[str, Number], is_lower_better: bool) -> dict[str, int]:
    """Count for each member who is strictly better."""
    sign = -1 if is_lower_better else 1
    return {
        name: 1 + sum(sign * other > sign * own for other in values.values())
        for name, own in values.items()
    }


@given(st.lists(CHANGES, max_size=8), st.booleans())
def test_ranks_are_as_counted_and_no_rank_changes_unnamed(
    batches: list[dict[str, Number | None]], is_lower_better: bool
) -> None:
    ranking = Ranking()
    values: dict[str, Number] = {}
    for changes in batches:
        before = counted(values, is_lower_better)
        named = {*ranking.update(changes, is_lower_better), *changes}
        for name, value in changes.items():
            if value is None:
                values.pop(name, None)
            else:
                values[name] = value
        after = counted(values, is_lower_better)
        assert {name: ranking.rank(name, is_lower_better) for name in values} == after
        assert {name for name in after if after[name] != before.get(name)} <= named


def test_only_those_between_the_old_and_the_new_value_are_named() -> None:
    ranking = Ranking()
    ranking.update({name: number for number, name in enumerate(REPS)}, False)
    # From 2 to 5: those with 3 and 4 fall behind; who has 5 too is still ahead of the others.
    assert [*ranking.update({"c": 5}, False)] == ["d", "e"]
    assert [*ranking.update({"c": None}, False)] == ["a", "b", "d", "e"]


def test_group_without_values_is_forgotten() -> None:
    rankings, window = Rankings(), Window("day", 1)
    assert [*rankings.update(window, 7, {"a": 1}, False)] == []
    assert rankings.of(window)[7].rank("a", False) == 1
    assert [*rankings.update(window, 7, {"a": None}, False)] == []
    assert rankings.of(window) == {}
