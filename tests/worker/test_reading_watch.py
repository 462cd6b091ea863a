"""The watchdog counts from when there is something to read; open transactions are only named."""

import logging

import pytest
from aiokafka import TopicPartition

from streams.kafka.errors import Stuck
from streams.worker.reading_watch import HELD_BACK_SECONDS, HeldBackRecords, ReadingWatch

LEADS = TopicPartition("crm.lead", 0)


def test_first_record_after_a_long_silence_has_its_time() -> None:
    watch = ReadingWatch()
    watch.check(False, received_at=0.0, now=1000.0)
    watch.check(True, received_at=0.0, now=1001.0)
    watch.check(True, received_at=0.0, now=1061.0)
    with pytest.raises(Stuck, match="nothing was read for 61 s although there is something"):
        watch.check(True, received_at=0.0, now=1062.0)


def test_what_is_received_meanwhile_begins_the_time_again() -> None:
    watch = ReadingWatch()
    watch.check(True, received_at=0.0, now=100.0)
    watch.check(True, received_at=150.0, now=200.0)
    with pytest.raises(Stuck):
        watch.check(True, received_at=150.0, now=211.0)


def test_open_transaction_is_logged_once_and_so_is_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    held_back = HeldBackRecords()
    for now in range(3 * int(HELD_BACK_SECONDS)):
        assert held_back.update({LEADS: (7, 12)}, float(now)) == {LEADS: 5}
    assert held_back.update({LEADS: (13, 13)}, 31.0) == {}
    assert [record.getMessage() for record in caplog.records] == [
        "crm.lead/0 cannot be read past offset 7: a producer's transaction has been open there"
        " for 11 s, and 5 offsets wait for its end",
        "crm.lead/0 can be read again",
    ]


def test_transactions_one_after_the_other_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    held_back = HeldBackRecords()
    for now in range(3 * int(HELD_BACK_SECONDS)):
        held_back.update({LEADS: (7 * now, 7 * now + 5)}, float(now))
    assert caplog.records == []
