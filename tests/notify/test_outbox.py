"""The outbox of a recipient: by examples, and against an oracle that replays everything."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from streams.notify.core.alert import Alert
from streams.notify.core.message import Change, Message, Recipient
from streams.notify.core.outbox import GATHER_MS, LONGEST_GATHER_MS, MOST_CHANGES, Outbox

DIGEST_MS = 60_000
KEY = "lead_unanswered|lead-1"
AT = 1_000_000


def alert(rep: str | None = "ann", since: str = "2026-06-01T12:00:00.000+00:00") -> Alert:
    return Alert("lead_unanswered", "lead-1", rep, since, "Nobody has called lead-1.")


def outbox(holds: bool = False) -> Outbox:
    found = Outbox(Recipient("chat"), DIGEST_MS, lambda _: holds)
    found.begin(AT)
    return found


def loud(_: str | None) -> None:
    """No hour is quiet."""


def composed(found: Outbox, at: int) -> Message:
    message = found.compose(at, loud)
    assert message is not None
    return message


def actions(message: Message) -> list[tuple[str, str]]:
    return [(change.key, change.action) for change in message.changes]


def test_alert_is_sent_once_no_more_have_come_for_a_while() -> None:
    found = outbox()
    found.update(KEY, alert(), AT)
    assert found.compose(AT + GATHER_MS - 1, loud) is None
    assert actions(composed(found, AT + GATHER_MS)) == [(KEY, "raised")]


def test_thousand_alerts_that_come_one_by_one_are_one_message() -> None:
    found = outbox()
    for number in range(1_000):
        found.update(f"lead_unanswered|lead-{number}", alert(), AT + number)
        assert found.compose(AT + number, loud) is None
    assert len(composed(found, AT + 999 + GATHER_MS).changes) == 1_000


def test_alerts_that_never_cease_are_not_gathered_for_ever() -> None:
    found = outbox()
    for number in range(LONGEST_GATHER_MS // 1_000 + 1):
        found.update(f"lead_unanswered|lead-{number}", alert(), AT + 1_000 * number)
    assert found.compose(AT + LONGEST_GATHER_MS, loud) is not None


def test_next_message_waits_for_the_digest() -> None:
    found = outbox()
    found.update(KEY, alert(), AT)
    composed(found, AT + GATHER_MS)
    found.accepted(AT + 3_000)
    found.update("lead_unanswered|lead-2", alert(), AT + 4_000)
    assert found.due_at(loud) == AT + 3_000 + DIGEST_MS


def test_alert_that_ends_before_it_is_sent_is_never_sent() -> None:
    found = outbox()
    found.update(KEY, alert(), AT)
    found.update(KEY, None, AT + 1)
    assert found.compose(AT + DIGEST_MS, loud) is None


def test_alert_that_ends_after_it_was_sent_is_withdrawn() -> None:
    found = outbox()
    found.update(KEY, alert(), AT)
    composed(found, AT + GATHER_MS)
    found.update(KEY, None, AT + GATHER_MS + 1)
    found.accepted(AT + GATHER_MS + 2)
    assert actions(composed(found, AT + 2 * DIGEST_MS)) == [(KEY, "ended")]


def test_alert_that_is_somebody_elses_now_is_called_moved() -> None:
    found = outbox(holds=True)
    found.update(KEY, alert(), AT)
    composed(found, AT + GATHER_MS)
    found.accepted(AT + GATHER_MS)
    found.update(KEY, None, AT + GATHER_MS)
    assert actions(composed(found, AT + 2 * DIGEST_MS)) == [(KEY, "moved")]


def test_record_written_again_with_the_same_start_is_not_sent_again() -> None:
    found = outbox()
    found.update(KEY, alert(), AT)
    composed(found, AT + GATHER_MS)
    found.accepted(AT + GATHER_MS)
    found.update(KEY, alert("bob"), AT + GATHER_MS)
    assert found.due_at(loud) is None


def test_alert_that_came_again_while_nobody_looked_is_sent_again() -> None:
    found = Outbox(Recipient("chat"), DIGEST_MS, lambda _: False)
    found.restore_sent(KEY, alert(since="2026-05-01T12:00:00.000+00:00"))
    found.update(KEY, alert(), AT)
    found.begin(AT)
    assert actions(composed(found, AT + GATHER_MS)) == [(KEY, "raised")]


def test_nothing_is_withdrawn_before_all_alerts_are_read() -> None:
    found = Outbox(Recipient("chat"), DIGEST_MS, lambda _: False)
    found.restore_sent(KEY, alert())
    assert found.compose(AT + DIGEST_MS, loud) is None
    found.update(KEY, alert(), AT)
    found.begin(AT)
    assert found.due_at(loud) is None


def test_message_is_kept_under_its_id_until_it_is_answered() -> None:
    found = outbox()
    found.update(KEY, alert(), AT)
    message = composed(found, AT + GATHER_MS)
    found.unanswered(AT + 10_000, is_uncertain=True)
    assert found.message is message
    assert found.compose(AT + DIGEST_MS, loud) is None
    assert found.due_at(loud) == AT + 10_000


def test_refused_message_gives_way_to_one_of_what_holds_by_then() -> None:
    found = outbox()
    found.update(KEY, alert(), AT)
    first = composed(found, AT + GATHER_MS)
    assert found.refused(AT + DIGEST_MS)
    found.update("lead_unanswered|lead-2", alert(), AT + GATHER_MS)
    assert found.compose(AT + DIGEST_MS - 1, loud) is None
    second = composed(found, AT + DIGEST_MS)
    assert len(second.changes) == 2
    assert second.id != first.id


def test_message_that_may_have_arrived_is_not_replaced_when_it_is_refused_later() -> None:
    found = outbox()
    found.update(KEY, alert(), AT)
    message = composed(found, AT + GATHER_MS)
    found.unanswered(AT + 1, is_uncertain=True)
    assert not found.refused(AT + DIGEST_MS)
    assert found.message is message


def test_restored_message_may_have_arrived() -> None:
    found = Outbox(Recipient("chat"), DIGEST_MS, lambda _: False)
    message = Message("msg_1", AT, (Change(KEY, "raised", alert()),))
    found.restore_message(message, None)
    assert not found.refused(AT)


def test_quiet_reps_alerts_wait_and_others_go() -> None:
    found = outbox()

    def ends(rep: str | None) -> int | None:
        return AT + 9 * DIGEST_MS if rep == "ann" else None

    found.update(KEY, alert("ann"), AT)
    found.update("lead_unanswered|lead-2", alert("bob"), AT)
    message = found.compose(AT + GATHER_MS, ends)
    assert message is not None
    assert [change.alert.rep for change in message.changes] == ["bob"]
    found.accepted(AT + GATHER_MS)
    assert found.due_at(ends) == AT + 9 * DIGEST_MS


def test_more_changes_than_a_message_has_follow_in_the_next() -> None:
    found = outbox()
    for number in range(MOST_CHANGES + 1):
        found.update(f"lead_unanswered|lead-{number}", alert(), AT)
    assert len(composed(found, AT + GATHER_MS).changes) == MOST_CHANGES
    found.accepted(AT + GATHER_MS)
    assert len(composed(found, AT + GATHER_MS + DIGEST_MS).changes) == 1


KEYS = ("a|1", "a|2", "b|1")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("update"), st.sampled_from(KEYS), st.integers(0, 2)),
        st.tuples(
            st.sampled_from(["accepted", "refused", "lost", "restart"]), st.none(), st.none()
        ),
    ),
    max_size=40,
)


class Recorder:
    """A recipient who reads each message once by its id, and what then is in force to it."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.knows: dict[str, str] = {}

    def receive(self, message: Message) -> None:
        if message.id in self.ids:
            return
        self.ids.add(message.id)
        for change in message.changes:
            if change.action == "raised":
                self.knows[change.key] = change.alert.since
            else:
                assert self.knows.pop(change.key) == change.alert.since


@given(STEPS)
def test_whatever_is_lost_the_recipient_ends_up_knowing_what_holds(
    steps: list[tuple[str, str | None, int | None]],
) -> None:
    """The oracle is the recipient: what it knows by its messages is what holds in the end."""
    now, current = AT, dict[str, Alert]()
    found, recorder = outbox(), Recorder()
    for what, key, number in steps:
        now += 1_000
        if what == "update" and key is not None:
            if number:
                current[key] = alert(since=f"2026-06-0{number}")
            else:
                current.pop(key, None)
            found.update(key, current.get(key), now)
        else:
            now += DIGEST_MS
            found = _step(found, recorder, what, now, current)
    for _ in range(2):
        now += 2 * DIGEST_MS
        found = _step(found, recorder, "accepted", now, current)
    assert recorder.knows == {key: each.since for key, each in current.items()}


def _step(
    found: Outbox, recorder: Recorder, what: str, now: int, current: Mapping[str, Alert]
) -> Outbox:
    """Send the message that is due or on its way, and lose, refuse or accept it."""
    found.compose(now, loud)
    message = found.message
    if message is None:
        return found
    if what == "refused":
        found.refused(now)
        return found
    recorder.receive(message)
    if what == "accepted":
        found.accepted(now)
    elif what == "lost":
        found.unanswered(now, is_uncertain=True)
    else:
        return _restarted(found, message, now, current)
    return found


def _restarted(found: Outbox, message: Message, now: int, current: Mapping[str, Alert]) -> Outbox:
    """Restore another outbox from what is kept of one that was killed before the receipt."""
    new = Outbox(found.recipient, DIGEST_MS, lambda _: False)
    for key, known in found.sent.items():
        new.restore_sent(key, known)
    new.restore_message(message, found.sent_at)
    for key, holding in current.items():
        new.update(key, holding, now)
    new.begin(now)
    return new
