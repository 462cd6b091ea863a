"""What goes out under which revision, and what is left out."""

import pytest

from streams.engine.merge.record_encoder import OVER
from streams.tasks.merge.published_index import PublishedIndex

PACE = b'"expected":null,"pace":null,"projected":null'
RECORD = b'{"kpi":"a","value":1,"revision":7,%b,"as_of":"x","updated_at":"y"}' % PACE


def test_same_body_goes_out_once() -> None:
    index = PublishedIndex()
    assert [index.publish("a", body) for body in (b"1", b"1", b"2", b"1")] == [1, 0, 2, 3]


def test_tombstone_of_what_never_was_is_left_out() -> None:
    assert PublishedIndex().publish("a", None) == 0


def test_tombstone_goes_out_once_and_the_key_goes_on_counting() -> None:
    index = PublishedIndex()
    bodies = (b"1", None, None, b"1")
    assert [index.publish("a", body) for body in bodies] == [1, 2, 0, 3]


def test_tombstone_alone_has_the_revision_of_its_key() -> None:
    index = PublishedIndex()
    index.restore("a", None, [("revision", b"8")])
    assert index.keys() == []
    assert index.publish("a", None) == 0
    assert index.publish("a", b"1") == 9


def test_record_found_in_the_output_is_what_the_next_is_compared_with() -> None:
    index = PublishedIndex()
    index.restore("a", RECORD)
    assert index.publish("a", b'{"kpi":"a","value":1') == 0
    assert index.publish("a", b'{"kpi":"a","value":2') == 8


def test_body_that_quotes_the_revision_field_is_not_cut_short() -> None:
    index = PublishedIndex()
    body = b'{"kpi":"a","scope":{"rep":",\\"revision\\":1,"}'
    index.restore("a", body + b',"revision":3,%b,"updated_at":"y"}' % PACE)
    assert index.publish("a", body) == 0


def test_only_keys_with_a_value_stand() -> None:
    index = PublishedIndex()
    for key, value in (("a", RECORD), ("b", RECORD), ("a", None)):
        index.restore(key, value)
    assert index.keys() == ["b"]


def test_same_body_goes_out_again_with_another_slot() -> None:
    index = PublishedIndex()
    assert [index.publish("a", b"1", slot) for slot in (7, 7, 8, None)] == [1, 0, 2, 3]


@pytest.mark.parametrize(
    ("as_of", "slot"),
    [("1970-01-01T00:45:00+00:00", 3), ("1970-01-01T01:59:59.999+01:00", 3), ("end", OVER)],
)
def test_record_with_a_target_is_found_with_its_slot(as_of: str, slot: int) -> None:
    index = PublishedIndex()
    body = b'{"kpi":"a","end":"end"'
    as_of_fields = b',"revision":7,"expected":"2.00","pace":0.5,"projected":"2.00","as_of":"%b"}'
    index.restore("a", body + as_of_fields % as_of.encode())
    assert index.publish("a", body, slot) == 0
    assert index.publish("a", body, slot + 1) == 8
