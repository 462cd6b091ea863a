"""Laws of translation, for every shipped source: order, repetition, any bytes, personal data."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.events import Rejected, decode
from streams.sources.bodies import BadBody, items, record_read
from streams.sources.loading import SHIPPED
from streams.sources.mapping import Translation, translate
from streams.sources.mapping.rules import matching
from streams.sources.mapping.translate import scopes
from tests.sources.translated import KEY, delivery, shipped

SAMPLES = sorted(path for path in (SHIPPED / "samples").glob("*.*"))
NAMES = sorted(shipped())
# Not the ids of messages, which begin with a digit here.
ADDRESS = re.compile(rb"\b[a-z][\w.+-]*(?:@|%40)[\w-]+\.[\w.]+")
of_samples = pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
of_lists = pytest.mark.parametrize(
    "sample",
    [path for path in SAMPLES if path.read_bytes().lstrip().startswith(b"[")],
    ids=lambda path: path.name,
)
of_sources = pytest.mark.parametrize("name", NAMES)

KEYS = st.sampled_from(
    ["id", "type", "event", "data", "object", "properties", "fields", "each", "meta", "record"]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)


def outcome(name: str, body: bytes) -> Translation:
    """What a body of a shipped source becomes."""
    return translate(shipped()[name], delivery(name, body, headers={"webhook-id": "w1"}), KEY)


def sent(sample: Path) -> tuple[str, bytes]:
    """The source and the body of a sample."""
    return sample.name.partition(".")[0], sample.read_bytes()


@of_samples
def test_every_event_of_a_sample_is_an_event(sample: Path) -> None:
    found = outcome(*sent(sample))
    assert not found.unmapped
    assert not [event for event in found.events if isinstance(decode(event), Rejected)]


@of_samples
def test_sample_sent_again_becomes_the_same(sample: Path) -> None:
    assert outcome(*sent(sample)) == outcome(*sent(sample))


@of_lists
def test_items_in_any_order_and_repeated_become_the_same_events(sample: Path) -> None:
    name, body = sent(sample)
    listed = json.loads(body)
    again = json.dumps([*reversed(listed), *listed]).encode()
    assert {*outcome(name, again).events} == {*outcome(name, body).events}


@of_samples
def test_no_address_of_a_sample_is_in_its_events(sample: Path) -> None:
    name, body = sent(sample)
    events = b"\n".join(outcome(name, body).events)
    # Reps may be named by their address: the mapping's table renames them.
    addresses = {found for found in ADDRESS.findall(body) if b"rep" not in found}
    assert not [address for address in addresses if address in events]


def test_samples_have_addresses() -> None:
    assert sum(len(ADDRESS.findall(sample.read_bytes())) for sample in SAMPLES) > 2


@of_sources
@settings(max_examples=15)
@given(body=st.binary(max_size=200))
def test_any_bytes_become_something_or_a_reason(name: str, body: bytes) -> None:
    found = outcome(name, body)
    assert all(isinstance(unmapped.reason, str) for unmapped in found.unmapped)


@of_sources
@settings(max_examples=15)
@given(body=JSON)
def test_any_json_becomes_something_or_a_reason(name: str, body: Any) -> None:
    found = outcome(name, json.dumps(body).encode())
    assert not [event for event in found.events if isinstance(decode(event), Rejected)]


@of_samples
@settings(max_examples=20)
@given(data=st.data())
def test_sample_with_a_byte_changed_becomes_something_or_a_reason(
    sample: Path, data: st.DataObject
) -> None:
    name, body = sent(sample)
    at = data.draw(st.integers(0, len(body) - 1))
    changed = bytes([*body[:at], data.draw(st.integers(0, 255)), *body[at + 1 :]])
    assert outcome(name, changed) == outcome(name, changed)


@of_samples
@settings(max_examples=20)
@given(data=st.data())
def test_item_with_a_value_changed_becomes_something_or_a_reason(
    sample: Path, data: st.DataObject
) -> None:
    name, body = sent(sample)
    try:
        item = data.draw(st.sampled_from(items(shipped()[name].body, body)))
    except BadBody:
        pytest.fail("the sample cannot be read")
    key = data.draw(st.sampled_from(sorted(item)))
    record = json.dumps({**item, key: data.draw(JSON)}, default=str).encode()
    found = outcome(name, record_read("deal", record))
    assert not [event for event in found.events if isinstance(decode(event), Rejected)]


@of_samples
def test_rule_that_matches_is_never_passed_over(sample: Path) -> None:
    name, body = sent(sample)
    source = shipped()[name]
    for scope in scopes(source, delivery(name, body), items(source.body, body), KEY):
        for rule in source.events:
            needed = rule.when.needed
            if [*matching(rule, scope)] and needed is not None:
                assert scope.item[needed[0]] == needed[1]


@pytest.mark.parametrize("depth", [30, 900, 100_000])
def test_deep_json_costs_no_more_than_a_reason(depth: int) -> None:
    body = b'{"id": 1, "data": %b%b}' % (b"[" * depth, b"]" * depth)
    for name in ("hubspot", "pipedrive", "stripe"):
        assert outcome(name, body).events == []
