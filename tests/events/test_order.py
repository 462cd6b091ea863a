"""One fact is known by id and type; events of a subject have one order."""

import json
from itertools import permutations

import pytest

from streams.events import Event, Rejected, decode, identity, order_within
from tests.events.wire import valid


def event(name: str, kind: str = "deal.changed", **fields: object) -> Event:
    plain = {key: value for key, value in valid(kind).items() if key != "seq"}
    found = decode(json.dumps(plain | {"id": name} | fields).encode())
    assert isinstance(found, Event), found if isinstance(found, Rejected) else type(found)
    return found


def test_identity_is_id_and_type() -> None:
    assert identity(event("7")) == identity(event("7", seq=3, rep="bob"))
    others = [event("7", "deal.deleted"), event("8"), event("07"), event("007"), event("x7")]
    assert len({identity(each) for each in [event("7"), *others]}) == 6


def test_digits_come_first_by_number_and_texts_as_texts() -> None:
    names = ["0", "2", "9", "10", "11", "100", "10" * 200, "A", "a1", "a10", "a2", "²", "é"]
    for one, other in permutations(names, 2):
        is_before = order_within(event(one)) < order_within(event(other))
        assert is_before is (names.index(one) < names.index(other)), (one, other)


def test_equal_ids_are_ordered_by_type() -> None:
    kinds = ["deal.changed", "deal.deleted", "quote.sent"]
    assert sorted(kinds, key=lambda kind: order_within(event("5", kind))) == kinds


def test_seq_comes_before_id_and_is_0_where_there_is_none() -> None:
    wanted = [("b", None), ("c", 0), ("a", 1), ("a", 2), ("a", 10), ("a", 2**63 - 1)]
    found = [event(name, seq=seq) for name, seq in wanted]
    assert sorted(found, key=order_within) == found


@pytest.mark.parametrize("name", ["x\0deal.deleted", "1", "0"])
def test_no_id_looks_like_another_event(name: str) -> None:
    kinds = ("deal.changed", "deal.deleted")
    names = ("x", name)
    found = {identity(event(each, kind)) for each in names for kind in kinds}
    assert len(found) == 4
