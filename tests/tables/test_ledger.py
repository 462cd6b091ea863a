"""What goes out under which revision, and what is left out."""

from streams.tables.ledger import Ledger

RECORD = b'{"kpi":"a","value":1,"revision":7,"as_of":"x","updated_at":"y"}'


def test_same_body_goes_out_once() -> None:
    ledger = Ledger()
    assert [ledger.publish("a", body, 0.0) for body in (b"1", b"1", b"2", b"1")] == [1, 0, 2, 3]


def test_tombstone_of_what_never_was_is_left_out() -> None:
    assert Ledger().publish("a", None, 0.0) == 0


def test_tombstone_goes_out_once_and_the_key_goes_on_counting() -> None:
    ledger = Ledger()
    bodies = (b"1", None, None, b"1")
    assert [ledger.publish("a", body, 0.0) for body in bodies] == [1, 2, 0, 3]


def test_record_found_in_the_output_is_what_the_next_is_compared_with() -> None:
    ledger = Ledger()
    ledger.restore("a", RECORD)
    assert ledger.publish("a", b'{"kpi":"a","value":1', 0.0) == 0
    assert ledger.publish("a", b'{"kpi":"a","value":2', 0.0) == 8


def test_body_that_quotes_the_mark_is_not_cut_short() -> None:
    ledger = Ledger()
    body = b'{"kpi":"a","scope":{"rep":",\\"revision\\":1,"}'
    ledger.restore("a", body + b',"revision":3,"updated_at":"y"}')
    assert ledger.publish("a", body, 0.0) == 0


def test_what_another_owner_published_is_long_ago() -> None:
    ledger = Ledger()
    ledger.publish("a", b"1", 5.0)
    ledger.restore("b", RECORD)
    assert ledger.published_at("a") == 5.0
    assert ledger.published_at("b") == ledger.published_at("c") == float("-inf")


def test_only_keys_with_a_value_stand() -> None:
    ledger = Ledger()
    for key, value in (("a", RECORD), ("b", RECORD), ("a", None)):
        ledger.restore(key, value)
    assert ledger.standing() == ["b"]
