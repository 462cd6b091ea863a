"""Changes of partials: added up while they wait, and applied to a rep's groups as well."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.algebra.measures import Grouped, add_grouped, change
from streams.engine.merge.state import partial_store
from streams.engine.merge.state.organisation import Organisation
from streams.engine.merge.state.partial_store import CellChange, PartialStore
from streams.events import RepSet, decode


def n(count: int) -> Grouped:
    return {"calls": {"n": count}}


def store() -> PartialStore:
    """A store that knows ann of the team north."""
    organisation = Organisation()
    record = decode(
        b'{"id":"1","type":"rep.set","at":"2026-01-01T00:00:00Z","rep":"ann","team":"north"}'
    )
    assert isinstance(record, RepSet)
    organisation.update(record)
    return PartialStore(organisation)


def changes(partials: PartialStore) -> list[CellChange]:
    found = []
    while (each := partials.next_change()) is not None:
        found.append(each)
    return found


def test_changes_of_a_cell_in_all_partitions_are_one() -> None:
    partials = store()
    partials.set(0, "5|channel=web", n(2))
    partials.set(1, "5|channel=web", n(3))
    assert len(partials) == 1
    assert changes(partials) == [CellChange("5", "channel=web", n(5))]
    assert len(partials) == 0


def test_partial_that_is_set_again_changes_by_the_difference() -> None:
    partials = store()
    partials.set(0, "5|", n(2))
    changes(partials)
    partials.set(0, "5|", n(7))
    assert changes(partials) == [CellChange("5", "", n(5))]
    partials.set(0, "5|", {})
    assert changes(partials) == [CellChange("5", "", n(-7))]


def test_groups_of_a_rep_follow_after_all_cells() -> None:
    partials = store()
    partials.set(0, "5|rep=ann", n(2))
    partials.set(0, "5|rep=bob", n(4))
    assert changes(partials) == [
        CellChange("5", "rep=ann", n(2)),
        CellChange("5", "rep=bob", n(4)),
        CellChange("5", "team=north", n(2)),
    ]


def test_partials_that_come_between_two_changes_are_not_lost() -> None:
    partials = store()
    partials.set(0, "5|rep=ann", n(2))
    first = partials.next_change()
    partials.set(0, "5|rep=ann", n(3))
    assert [first, *changes(partials)] == [
        CellChange("5", "rep=ann", n(2)),
        CellChange("5", "team=north", n(2)),
        CellChange("5", "rep=ann", n(1)),
        CellChange("5", "team=north", n(1)),
    ]


def test_all_partials_of_a_scope_are_found() -> None:
    partials = store()
    partials.set(0, "5|rep=ann", n(2))
    partials.set(1, "6|rep=ann", n(3))
    partials.set(1, "6|rep=bob", n(3))
    assert list(partials.of_scope("rep=ann")) == [
        CellChange("5", "rep=ann", n(2)),
        CellChange("6", "rep=ann", n(3)),
    ]


# Sums of money grow past 64 bits.
VECTORS = st.dictionaries(
    st.sampled_from(["calls", "revenue"]),
    st.dictionaries(
        st.sampled_from(["n", "sum"]),
        st.integers(-(2**70), 2**70).filter(bool),
        min_size=1,
    ),
)
CELLS = st.sampled_from(["5|", "5|channel=web", "h7|", "6|channel=web"])


@given(st.lists(st.tuples(st.integers(0, 2), CELLS, VECTORS), max_size=30), st.integers(0, 3))
def test_packed_partials_are_what_was_set(
    sets: list[tuple[int, str, Grouped]], unpacked: int
) -> None:
    partials, plain = store(), dict[tuple[int, str], Grouped]()
    total: dict[str, Grouped] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partial_store, "UNPACKED_PARTIALS", unpacked)
        for partition, cell, vectors in sets:
            partials.set(partition, cell, vectors)
            plain[partition, cell] = vectors
            for each in changes(partials):
                add_grouped(total.setdefault(f"{each.when}|{each.scope}", {}), each.vectors)
    for (_, cell), vectors in plain.items():
        add_grouped(total.setdefault(cell, {}), change(vectors, {}))
    assert not any(total.values())
    web = [
        CellChange(cell[:-12], "channel=web", found)
        for (_, cell), found in plain.items()
        if found and cell.endswith("|channel=web")
    ]
    found = list(partials.of_scope("channel=web"))
    assert len(found) == len(web)
    assert all(each in web for each in found)
