"""What goes out under which revision, and what is left out."""

import pytest

from streams.engine.merge.record_encoder import OVER
from streams.tasks.merge.published_index import PublishedIndex

PACE = b'"expected":null,"pace":null,"projected":null'
RECORD = b'{"kpi":"a","value":1,"revision":7,%b,"as_of":"x","updated_at":"y"}' % PACE


def test_same_body_goes_out_once() -> None:
    ledger = PublishedIndex()
    assert [ledger.publish("a", body) for body in (b"1", b"1", b"2", b"1")] == [1, 0, 2, 3]


def test_tombstone_of_what_never_was_is_left_out() -> None:
    assert PublishedIndex().publish("a", None) == 0


def test_tombstone_goes_out_once_and_the_key_goes_on_counting() -> None:
    ledger = PublishedIndex()
    bodies = (b"1", None, None, b"1")
    assert [ledger.publish("a", body) for body in bodies] == [1, 2, 0, 3]


def test_tombstone_alone_tells_how_far_a_key_has_counted() -> None:
    ledger = PublishedIndex()
    ledger.restore("a", None, [("revision", b"8")])
    assert ledger.keys() == []
    assert ledger.publish("a", None) == 0
    assert ledger.publish("a", b"1") == 9


def test_record_found_in_the_output_is_what_the_next_is_compared_with() -> None:
    ledger = PublishedIndex()
    ledger.restore("a", RECORD)
    assert ledger.publish("a", b'{"kpi":"a","value":1') == 0
    assert ledger.publish("a", b'{"kpi":"a","value":2') == 8


def test_body_that_quotes_the_mark_is_not_cut_short() -> None:
    ledger = PublishedIndex()
    body = b'{"kpi":"a","scope":{"rep":",\\"revision\\":1,"}'
    ledger.restore("a", body + b',"revision":3,%b,"updated_at":"y"}' % PACE)
    assert ledger.publish("a", body) == 0


def test_only_keys_with_a_value_stand() -> None:
    ledger = PublishedIndex()
    for key, value in (("a", RECORD), ("b", RECORD), ("a", None)):
        ledger.restore(key, value)
    assert ledger.keys() == ["b"]


def test_same_body_goes_out_again_with_another_slot() -> None:
    ledger = PublishedIndex()
    assert [ledger.publish("a", b"1", slot) for slot in (7, 7, 8, None)] == [1, 0, 2, 3]


@pytest.mark.parametrize(
    ("as_of", "slot"),
    [("1970-01-01T00:45:00+00:00", 3), ("1970-01-01T01:59:59.999+01:00", 3), ("end", OVER)],
)
def test_record_with_a_target_is_found_with_its_slot(as_of: str, slot: int) -> None:
    ledger = PublishedIndex()
    body = b'{"kpi":"a","end":"end"'
    tail = b',"revision":7,"expected":"2.00","pace":0.5,"projected":"2.00","as_of":"%b"}'
    ledger.restore("a", body + tail % as_of.encode())
    assert ledger.publish("a", body, slot) == 0
    assert ledger.publish("a", body, slot + 1) == 8
