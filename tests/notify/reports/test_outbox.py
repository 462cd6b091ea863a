"""The outbox of a report: each window once, and none that the next one has overtaken."""

from msgspec import json

from streams.notify.core.message import Recipient, ReportMessage, report_id
from streams.notify.core.reports.outbox import ReportOutbox, ReportState

ANN = Recipient("monday", "ann@example.com")
WEEK_MS, FIRST_DAY = 7 * 86_400_000, 739_000


def message(number: int = 0) -> ReportMessage:
    start = f"2026-05-{4 + 7 * number:02}T00:00:00+02:00"
    return ReportMessage(
        id=report_id(ANN, "week", start),
        at=number * WEEK_MS,
        ends_at=(number + 1) * WEEK_MS,
        title="monday",
        language="en",
        scope="all",
        window="week",
        first_day=FIRST_DAY + 7 * number,
        start=start,
        end="",
        kpis=(),
    )


def sending(number: int = 0) -> ReportOutbox:
    outbox = ReportOutbox(ANN, ReportState(since=0))
    outbox.send(message(number))
    return outbox


def is_due(outbox: ReportOutbox, number: int) -> bool:
    return outbox.is_due(number * WEEK_MS, "week", FIRST_DAY + 7 * number)


def test_new_recipient_gets_what_is_due_from_then_on() -> None:
    outbox = ReportOutbox(ANN, ReportState(since=WEEK_MS))
    assert [is_due(outbox, number) for number in (0, 1)] == [False, True]


def test_window_is_sent_once() -> None:
    outbox = sending()
    assert not is_due(outbox, 0)
    assert outbox.accepted(1) == message()
    assert [is_due(outbox, number) for number in (0, 1)] == [False, True]


def test_report_that_was_not_accepted_is_kept_under_its_id() -> None:
    outbox = sending()
    outbox.unanswered(1_000, is_uncertain=True)
    assert outbox.refused(2_000) is False
    assert (outbox.message, outbox.retry_at) == (message(), 2_000)


def test_report_is_given_up_when_the_next_one_is_due() -> None:
    outbox = sending()
    outbox.unanswered(WEEK_MS, is_uncertain=True)
    assert outbox.message is None
    assert [is_due(outbox, number) for number in (0, 1)] == [False, True]


def test_restored_report_is_sent_again_only_before_the_next_one() -> None:
    kept = json.decode(json.encode(sending().state), type=ReportState)
    for at, expected in ((WEEK_MS - 1, message()), (WEEK_MS, None)):
        outbox = ReportOutbox(ANN, kept)
        outbox.give_up(at)
        assert outbox.message == expected


def test_report_of_another_kind_of_window_begins_again() -> None:
    outbox = sending()
    outbox.accepted(1)
    assert outbox.is_due(1, "month", FIRST_DAY - 30)


def test_report_on_its_way_is_pending_since_it_was_written() -> None:
    outbox = sending(1)
    assert (outbox.pending, outbox.pending_since) == (1, WEEK_MS)
    outbox.accepted(WEEK_MS)
    assert (outbox.pending, outbox.pending_since) == (0, None)
