"""Every measure is a commutative group: facts may come, go and be grouped in any way."""

from fractions import Fraction as Rational
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.algebra.log_histogram import (
    BucketOrder,
    bucket,
    middle,
)
from streams.engine.algebra.measures import (
    COUNT,
    COUNTS,
    LEVEL,
    LEVEL_RATIO,
    MEAN,
    RATIO,
    SHARE,
    SHARES,
    SPREAD,
    SUM,
    WEIGHED_SHARE,
    Fraction,
    Labelled,
    Measure,
    Vector,
    add,
)

WHOLE = st.integers(-(10**14), 10**14)
MEASURES: dict[str, tuple[Measure[Any], st.SearchStrategy[Any]]] = {
    "count": (COUNT, st.integers(1, 5)),
    "sum": (SUM, WHOLE),
    "mean": (MEAN, WHOLE),
    "spread": (SPREAD, WHOLE),
    "share": (SHARE, st.booleans()),
    "ratio": (RATIO, st.builds(Fraction, WHOLE, WHOLE)),
    "counts": (COUNTS, st.text(max_size=3)),
    "level": (LEVEL, WHOLE),
    "level_ratio": (LEVEL_RATIO, st.builds(Fraction, WHOLE, WHOLE)),
    "weighed_share": (WEIGHED_SHARE, st.builds(Fraction, WHOLE, WHOLE)),
    "shares": (SHARES, st.builds(Labelled, st.sampled_from("ab"), st.booleans())),
}
each_measure = pytest.mark.parametrize("name", MEASURES)


def total(measure: Measure[Any], values: list[Any]) -> Vector:
    """Add up the values from nothing."""
    vector: Vector = {}
    for value in values:
        add(vector, dict(measure.components(value)))
    return vector


@each_measure
@given(st.data())
def test_order_does_not_matter(name: str, data: st.DataObject) -> None:
    measure, values = MEASURES[name]
    facts = data.draw(st.lists(values, max_size=8))
    assert total(measure, data.draw(st.permutations(facts))) == total(measure, facts)


@each_measure
@given(st.data())
def test_shares_merged_are_the_whole(name: str, data: st.DataObject) -> None:
    measure, values = MEASURES[name]
    groups = data.draw(st.lists(st.lists(values, max_size=4), max_size=4))
    merged: Vector = {}
    for group in groups:
        add(merged, total(measure, group))
    assert merged == total(measure, [value for group in groups for value in group])


@each_measure
@given(st.data())
def test_what_is_removed_leaves_no_trace(name: str, data: st.DataObject) -> None:
    measure, values = MEASURES[name]
    kept, gone = (data.draw(st.lists(values, max_size=6)) for _ in range(2))
    vector = total(measure, kept)
    for value in gone:
        add(vector, dict(measure.components(value)))
    for value in data.draw(st.permutations(gone)):
        add(vector, dict(measure.components(value)), -1)
    assert vector == total(measure, kept)


@each_measure
@given(st.data())
def test_all_removed_is_the_empty_vector(name: str, data: st.DataObject) -> None:
    measure, values = MEASURES[name]
    vector = total(measure, data.draw(st.lists(values, max_size=8)))
    add(vector, dict(vector), -1)
    assert vector == {}


@each_measure
@given(st.data())
def test_a_vector_with_facts_counts_them_and_one_without_has_no_rate(
    name: str, data: st.DataObject
) -> None:
    measure, values = MEASURES[name]
    facts = data.draw(st.lists(values, min_size=1, max_size=8))
    assert total(measure, facts)["n"] >= len(facts)
    if measure.kind in ("mean", "share", "shares", "ratio", "level_ratio"):
        assert measure.value({}) is None


@given(st.lists(WHOLE, min_size=1, max_size=20))
def test_mean_is_the_rational_mean(values: list[int]) -> None:
    vector = total(MEAN, values)
    value = MEAN.value(vector)
    assert value is not None
    assert Rational(*value) == Rational(sum(values), len(values))
    assert MEAN.parts(vector) == {"sum": sum(values), "count": len(values)}


@given(st.lists(st.booleans(), min_size=1))
def test_share_counts_hits_and_all(hits: list[bool]) -> None:
    assert SHARE.value(total(SHARE, hits)) == (sum(hits), len(hits))


def test_ratio_over_zero_is_no_value() -> None:
    vector = total(RATIO, [Fraction(5, 3), Fraction(0, -3)])
    assert RATIO.value(vector) is None
    assert RATIO.parts(vector) == {"numerator": 5, "denominator": 0}


def test_weighed_share_adds_up_both_halves() -> None:
    vector = total(WEIGHED_SHARE, [Fraction(6, 40), Fraction(0, 10)])
    assert WEIGHED_SHARE.value(vector) == (6, 50)
    assert WEIGHED_SHARE.parts(vector) == {"hits": 6, "total": 50}
    assert WEIGHED_SHARE.value(total(WEIGHED_SHARE, [Fraction(2, 0)])) is None


@given(st.lists(st.tuples(st.sampled_from(("a", "b", "h:a", "n", "")), st.booleans()), min_size=1))
def test_shares_are_distinguished_by_label_and_together_are_the_whole(
    facts: list[tuple[str, bool]],
) -> None:
    vector = total(SHARES, [Labelled(*fact) for fact in facts])
    parts = SHARES.parts(vector)
    assert SHARES.value(vector) == (sum(hit for _, hit in facts), len(facts))
    assert parts["by"] == {
        label: {"hits": facts.count((label, True)), "total": [it for it, _ in facts].count(label)}
        for label, _ in facts
    }


@given(st.lists(st.sampled_from(("a", "b", "a.b", "l:a", "n", ""))))
def test_counts_distinguish_labels_whatever_they_are_called(labels: list[str]) -> None:
    vector = total(COUNTS, labels)
    assert COUNTS.parts(vector) == {"counts": {it: labels.count(it) for it in labels}}
    assert COUNTS.value(vector) == (len(labels), 1)


@given(st.integers(-(10**15), 10**15))
def test_bucket_stands_for_its_values_within_one_percent(value: int) -> None:
    shown = middle(bucket(value))
    assert abs(shown - value) * 100 <= abs(value)
    if abs(value) < 128:
        assert shown == value


@given(WHOLE, WHOLE)
def test_buckets_are_ordered_as_their_values(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert bucket(low) <= bucket(high)


@given(st.lists(WHOLE | st.integers(-200, 200), min_size=1, max_size=40), st.integers(1, 100))
def test_percentile_is_the_nearest_rank_within_one_percent(values: list[int], percent: int) -> None:
    rank = next(n for n in range(1, len(values) + 1) if 100 * n >= percent * len(values))
    exact = sorted(values)[rank - 1]
    (shown,) = BucketOrder().percentiles(total(SPREAD, values), 2 - (sum(values) == 0), percent)
    assert abs(shown - exact) * 100 <= abs(exact)


@given(st.lists(st.lists(WHOLE, min_size=1, max_size=20), min_size=1, max_size=8))
def test_order_that_is_kept_gives_what_a_new_one_gives(stories: list[list[int]]) -> None:
    assert SPREAD.percentiles is not None
    kept = BucketOrder()
    for values in stories:
        ranked = sorted(map(bucket, values))
        p50, p90 = (middle(ranked[-(-percent * len(ranked) // 100) - 1]) for percent in (50, 90))
        for order in (kept, BucketOrder()):
            assert SPREAD.percentiles(total(SPREAD, values), order) == {"p50": p50, "p90": p90}


def test_bucket_that_replaces_another_is_noticed() -> None:
    assert SPREAD.percentiles is not None
    kept = BucketOrder()
    # As many components each time, once because the sum is gone.
    for values, p50 in (([5, 5], 5), ([7, 7], 7), ([-3, 0, 3], 0), ([-3, 4], -3)):
        found = SPREAD.percentiles(total(SPREAD, values), kept)
        assert found["p50"] == p50


def test_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no percentiles"):
        BucketOrder().percentiles({}, 0, 50)
