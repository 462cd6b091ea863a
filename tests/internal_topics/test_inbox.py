"""Records of the inbox keep a delivery as it came, and reveal an encrypted one to nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.internal_topics.inbox import (
    InboxKeys,
    Received,
    Unreadable,
    decode,
    encode,
)
from streams.sources.delivery import Delivery

OLD, NEW = "11" * 32, "22" * 32
BODY = b'{"name":"Ann","amount":"12.50"}'
DELIVERY = Delivery("hubspot", "eu", {"a": "1"}, {"x-topic": "deal"}, BODY, 1_795_000_000_123)

TEXTS = st.text(max_size=20)
DELIVERIES = st.builds(
    Delivery,
    source=TEXTS,
    label=TEXTS,
    query=st.dictionaries(TEXTS, TEXTS, max_size=3),
    headers=st.dictionaries(TEXTS, TEXTS, max_size=3),
    body=st.binary(max_size=200),
    received=st.integers(0, 2**53),
)


@given(DELIVERIES, TEXTS, st.sampled_from(["", OLD, f"{NEW},{OLD}"]))
def test_what_is_encoded_is_decoded(delivery: Delivery, mapping: str, setting: str) -> None:
    keys = InboxKeys(setting)
    assert decode(*encode(delivery, mapping, keys), keys) == Received(delivery, mapping)


def test_without_a_key_the_value_is_the_body() -> None:
    assert encode(DELIVERY, "m1", InboxKeys())[0] == BODY


def test_encrypted_value_shows_nothing_of_the_body() -> None:
    value, headers = encode(DELIVERY, "m1", InboxKeys(NEW))
    assert not any(BODY[at : at + 4] in value for at in range(len(BODY) - 3))
    assert NEW.encode() not in value + b"".join(text for _, text in headers)


def test_same_body_is_never_encrypted_alike() -> None:
    keys = InboxKeys(NEW)
    assert encode(DELIVERY, "m1", keys)[0] != encode(DELIVERY, "m1", keys)[0]


def test_what_an_old_key_encrypted_is_read_while_it_is_listed() -> None:
    record = encode(DELIVERY, "m1", InboxKeys(OLD))
    assert decode(*record, InboxKeys(f"{NEW},{OLD}")).delivery == DELIVERY


def test_what_an_unlisted_key_encrypted_is_refused_by_its_name() -> None:
    value, headers = encode(DELIVERY, "m1", InboxKeys(OLD))
    name = dict(headers)["key"].decode()
    with pytest.raises(Unreadable, match=f"key {name}, which is none of SALES_KPIS_INBOX_KEY"):
        decode(value, headers, InboxKeys(NEW))


def test_record_of_a_time_before_encryption_is_read_after_it() -> None:
    assert decode(*encode(DELIVERY, "m1", InboxKeys()), InboxKeys(NEW)).delivery == DELIVERY


@given(st.integers(0, 8 * (24 + len(BODY) + 16) - 1))
def test_encrypted_value_with_one_bit_changed_is_refused(bit: int) -> None:
    keys = InboxKeys(NEW)
    value, headers = encode(DELIVERY, "m1", keys)
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unreadable, match="was changed"):
        decode(bytes(changed), headers, keys)


@pytest.mark.parametrize("name", ["source", "label", "received", "query", "headers", "mapping"])
def test_encrypted_record_under_other_headers_is_refused(name: str) -> None:
    keys = InboxKeys(NEW)
    value, headers = encode(DELIVERY, "m1", keys)
    forged = tuple((each, b"9" if each == name else text) for each, text in headers)
    with pytest.raises(Unreadable, match="was changed"):
        decode(value, forged, keys)


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (None, encode(DELIVERY, "", InboxKeys())[1]),
        (b"{}", None),
        (b"{}", [("form", b"2")]),
        (b"{}", [("form", b"1")]),
        (b"{}", [*encode(DELIVERY, "", InboxKeys())[1], ("source", b"odoo")]),
        (b"{}", [("received", b"x"), *encode(DELIVERY, "", InboxKeys())[1][:3]]),
        (b"", [*encode(DELIVERY, "", InboxKeys())[1], ("key", b"\xff")]),
    ],
)
def test_foreign_record_is_refused(
    value: bytes | None, headers: list[tuple[str, bytes]] | None
) -> None:
    with pytest.raises(Unreadable):
        decode(value, headers, InboxKeys(NEW))
