"""The entries in the order of their changes, and a reader's way through them."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.errors import Fatal
from streams.page.access.viewer import EVERYTHING, Viewer
from streams.page.live import store as module
from streams.page.live.store import Store, merged
from streams.page.live.subscription import Subscription
from streams.page.live.topics import AlertView, KpiView
from streams.page.selection import Selection
from tests.page.serving import DAY, alert_record, kpi_key, kpi_record


class Reader:
    """A reader's own map of keys, as a page has it."""

    def __init__(self) -> None:
        self.records: dict[str, Any] = {}
        self.last_id: str | None = None
        self.kinds: list[str] = []

    def read(self, piece: bytes) -> None:
        """Apply a piece of the stream."""
        for text in piece.decode().split("\n\n")[:-1]:
            fields = dict(line.partition(": ")[::2] for line in text.split("\n"))
            self.kinds.append(fields["event"])
            self.last_id = fields.get("id", self.last_id)
            data = orjson.loads(fields["data"])
            if fields["event"] == "reset":
                self.records.clear()
            elif "key" in data and data["record"] is None:
                self.records.pop(data["key"], None)
            elif "key" in data:
                self.records[data["key"]] = data["record"]["value"]

    def follow(self, subscription: Subscription) -> None:
        """Read all there is."""
        while True:
            self.read(subscription.next_piece())
            if not subscription.has_more:
                return


def subscribed(
    store: Store, viewer: Viewer = EVERYTHING, last_id: str | None = None, **asked: Any
) -> Subscription:
    return Subscription(store, viewer, Selection(**asked), last_id)


KEYS = [kpi_key(scope=scope) for scope in ("all", "rep=ann", "rep=bob", "team=a")]
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(KEYS), st.one_of(st.none(), st.integers(0, 99))),
        st.sampled_from(["read", "read a piece", "come back", "come back to another process"]),
    ),
    max_size=60,
)


@given(steps=steps)
def test_a_reader_has_what_there_is_however_it_comes_and_goes(steps: list[Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # So small that what is short in life is reached in a test.
        patch.setattr(module, "REMEMBERED_TOMBSTONES", 2)
        patch.setattr(module, "UNCOMPACTED", 3)
        patch.setattr("streams.page.live.subscription.PIECE_ENTRIES", 2)
        store, reader = Store(), Reader()
        view = KpiView(store)
        subscription, current = subscribed(store), dict[str, int]()
        for step in steps:
            if isinstance(step, tuple):
                key, value = step
                scope = key.split("|")[1]
                view.update(key, None if value is None else kpi_record(scope=scope, value=value))
                current.pop(key, None) if value is None else current.update({key: value})
            elif step == "read":
                reader.follow(subscription)
                assert reader.records == current
            elif step == "read a piece":
                reader.read(subscription.next_piece())
            elif step == "come back":
                subscription = subscribed(store, last_id=reader.last_id)
            else:
                store = Store()
                view = KpiView(store)
                for key, value in current.items():
                    view.update(key, kpi_record(scope=key.split("|")[1], value=value))
                subscription = subscribed(store, last_id=reader.last_id)
        reader.follow(subscription)
        assert reader.records == current


def test_who_comes_back_gets_what_has_changed_and_nothing_else() -> None:
    store, reader = Store(), Reader()
    view = KpiView(store)
    for key in KEYS:
        view.update(key, kpi_record(value=1))
    reader.follow(subscribed(store))
    assert reader.kinds == ["reset", "record", "record", "record", "record", "ready"]
    view.update(KEYS[2], kpi_record(value=2))
    view.update(KEYS[1], None)
    reader.kinds.clear()
    reader.follow(subscribed(store, last_id=reader.last_id))
    assert reader.kinds == ["record", "record", "ready"]
    assert reader.records == {KEYS[0]: 1, KEYS[2]: 2, KEYS[3]: 1}


@pytest.mark.parametrize("last_id", ["", "x", "0-0", "00000000-1", "{epoch}-1", "{epoch}-9" * 2])
def test_an_id_that_is_not_known_begins_again(last_id: str) -> None:
    store, reader = Store(), Reader()
    KpiView(store).update(KEYS[0], kpi_record(value=1))
    reader.follow(subscribed(store, last_id=last_id.replace("{epoch}", store.epoch)))
    assert reader.kinds == ["reset", "record", "ready"]


def test_an_id_of_the_future_begins_again() -> None:
    store, reader = Store(), Reader()
    later = f"{store.epoch}-{store.position + 10**12}"
    reader.follow(subscribed(store, last_id=later))
    assert reader.kinds == ["reset", "ready"]


def test_changes_of_one_key_become_its_newest_record() -> None:
    store, reader = Store(), Reader()
    view, subscription = KpiView(store), subscribed(store)
    reader.follow(subscription)
    for value in range(1_000):
        view.update(KEYS[0], kpi_record(value=value))
    reader.kinds.clear()
    reader.follow(subscription)
    assert (reader.kinds, reader.records) == (["record"], {KEYS[0]: 999})


def test_a_thousand_changes_of_one_key_need_no_more_room_than_one() -> None:
    store = Store()
    view = KpiView(store)
    for value in range(10_000):
        view.update(KEYS[0], kpi_record(value=value))
    [log] = store.kpis.logs(None)
    assert len(log) <= module.UNCOMPACTED + 2


def test_positions_rise_even_where_the_clock_goes_back() -> None:
    times = iter([5_000_000, 4_000_000, 3_000_000, 9_000_000])
    store = Store(clock=lambda: next(times))
    assert [store.advance() for _ in range(3)] == [5_001, 5_002, 9_000]


def test_an_alert_that_changes_hands_is_withdrawn_for_the_one_and_new_for_the_other() -> None:
    store = Store()
    view = AlertView(store)
    ann, bob = (Viewer(frozenset([f"rep={name}"])) for name in ("ann", "bob"))
    view.update("k|lead-1", alert_record("lead-1", "ann"))
    of_ann, of_bob = subscribed(store, ann), subscribed(store, bob)
    assert b"lead-1" in of_ann.next_piece()
    assert b"lead-1" not in of_bob.next_piece()
    view.update("k|lead-1", alert_record("lead-1", "bob"))
    piece = of_ann.next_piece()
    assert b'{"key":"k|lead-1","record":null}' in piece
    assert b"bob" not in piece
    assert b'"rep":"bob"' in of_bob.next_piece()


def test_an_alert_that_changes_hands_stays_for_who_sees_both() -> None:
    store = Store()
    view, subscription = AlertView(store), subscribed(store)
    view.update("k|lead-1", alert_record("lead-1", "ann"))
    subscription.next_piece()
    view.update("k|lead-1", alert_record("lead-1", "bob"))
    withdrawn, _, new = subscription.next_piece().partition(b'"record":null}')
    assert b"alert" in withdrawn
    assert b'"rep":"bob"' in new


@pytest.mark.parametrize("record", [b"{", b"[]", b'{"kpi":"x"}', b'{"updated_at":"soon"}'])
def test_what_is_no_record_is_fatal_and_named(record: bytes) -> None:
    with pytest.raises(Fatal, match=r"of 'k\|all\|day\|x' cannot be read"):
        KpiView(Store()).update("k|all|day|x", record)


def test_what_is_no_key_is_fatal_and_named() -> None:
    with pytest.raises(Fatal, match="of 'k' cannot be read"):
        KpiView(Store()).update("k", kpi_record())


def test_a_record_of_several_lines_is_sent_as_one() -> None:
    store = Store()
    record = orjson.dumps(orjson.loads(kpi_record()), option=orjson.OPT_INDENT_2)
    KpiView(store).update(KEYS[0], record)
    [line] = [line for line in subscribed(store).next_piece().split(b"\n") if b'"key"' in line]
    assert orjson.loads(line.removeprefix(b"data: "))["record"] == orjson.loads(kpi_record())


def test_the_age_is_that_of_the_newest_record_that_is_followed() -> None:
    store = Store()
    view = KpiView(store)
    view.update(KEYS[1], kpi_record())
    assert subscribed(store, scopes=("rep=ann",)).changed_at_ms == 1_772_625_600_000
    assert subscribed(store, scopes=("rep=bob",)).changed_at_ms == 0


def test_logs_are_merged_in_the_order_of_their_changes() -> None:
    store = Store()
    view = KpiView(store)
    for key in (KEYS[2], KEYS[1], KEYS[3], KEYS[1]):
        view.update(key, kpi_record())
    logs = store.kpis.logs(["rep=ann", "rep=bob", "team=a", "rep=none"])
    assert [entry.key for entry in merged(logs, 0)] == [KEYS[2], KEYS[3], KEYS[1]]


def test_starts_are_as_in_keys() -> None:
    store = Store()
    KpiView(store).update(KEYS[0], kpi_record())
    [entry] = merged(store.kpis.logs(None), 0)
    assert (entry.kpi, entry.window, entry.start) == ("revenue_won", "day", DAY)


@pytest.mark.parametrize("comes_back", [False, True])
def test_who_missed_more_withdrawals_than_are_remembered_begins_again(
    comes_back: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REMEMBERED_TOMBSTONES", 2)
    store, reader = Store(), Reader()
    view, subscription = KpiView(store), subscribed(store)
    for key in KEYS:
        view.update(key, kpi_record(value=1))
    reader.follow(subscription)
    for key in KEYS[1:]:
        view.update(key, None)
    reader.kinds.clear()
    reader.follow(subscribed(store, last_id=reader.last_id) if comes_back else subscription)
    assert (reader.kinds, reader.records) == (["reset", "record", "ready"], {KEYS[0]: 1})


def test_who_missed_no_withdrawal_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_TOMBSTONES", 2)
    store, reader = Store(), Reader()
    view, subscription = KpiView(store), subscribed(store)
    for key in KEYS:
        view.update(key, kpi_record(value=1))
    reader.follow(subscription)
    reader.kinds.clear()
    for key in KEYS[:3]:
        view.update(key, None)
        reader.follow(subscription)
    assert (reader.kinds, reader.records) == (["record"] * 3, {KEYS[3]: 1})
