"""What waits to be read: joined, in order, and answered by tombstones."""

from aiokafka import ConsumerRecord

from streams.internal_topics import reads
from streams.internal_topics.reads import ReadKey, ReadRequest
from streams.operations.sources.accounts import Account
from streams.operations.sources.reading.queue import ReadQueue

ACCOUNT = Account("crm", "")
A, B, C = (ReadKey("crm", "", "deal", each) for each in "abc")
LEAD = ReadKey("crm", "", "lead", "a")


def record(offset: int, key: ReadKey, asked: int | None = None, up_to: int = 0) -> ConsumerRecord:
    """A request, or a tombstone that answers those up to an offset."""
    if asked is None:
        name, value, headers = reads.tombstone(key, up_to)
    else:
        (name, value), headers = reads.write(ReadRequest(key, asked)), []
    return ConsumerRecord("reads", 0, offset, 0, 0, name, value, None, 0, 0, headers)


def queue(*records: ConsumerRecord) -> ReadQueue:
    found = ReadQueue()
    for each in records:
        found.receive(each)
    return found


def due(of: ReadQueue, now: int = 0, most: int = 1) -> list[str]:
    return [key.id for key in of.due(ACCOUNT, now, {"deal": most})]


def test_requests_for_one_record_are_read_once() -> None:
    found = queue(record(0, A, 5), record(1, A, 6), record(2, A, 7))
    assert dict(found.counts()) == {"crm": 1}


def test_record_that_was_named_first_is_read_first() -> None:
    found = queue(record(0, B, 5), record(1, A, 4), record(2, A, 9))
    assert due(found) == ["a"]


def test_several_of_one_kind_are_read_in_one_request() -> None:
    found = queue(record(0, A, 1), record(1, LEAD, 2), record(2, B, 3), record(3, C, 4))
    assert due(found, most=2) == ["a", "b"]


def test_record_that_has_failed_waits_and_is_then_read_alone() -> None:
    found = queue(record(0, A, 1), record(1, B, 2), record(2, C, 3))
    found.fail(A, 100)
    assert due(found, now=0, most=3) == ["b", "c"]
    assert due(found, now=100, most=3) == ["a"]


def test_tombstone_answers_what_was_asked_before() -> None:
    found = queue(record(0, A, 1), record(1, A, 2), record(2, A, up_to=1))
    assert found.accounts() == []


def test_request_that_came_during_a_read_is_not_answered_by_it() -> None:
    found = queue(record(0, A, 1), record(1, A, 2))
    assert found.receive(record(2, A, up_to=0)) == A
    assert due(found) == ["a"]


def test_tombstone_of_what_does_not_wait_is_nothing() -> None:
    assert queue().receive(record(2, A, up_to=0)) is None


def test_request_after_an_answer_waits_again() -> None:
    found = queue(record(0, A, 1), record(1, A, up_to=0), record(2, A, 3))
    assert due(found) == ["a"]


def test_each_account_has_a_queue_of_its_own() -> None:
    found = queue(record(0, A, 1), record(1, A._replace(label="eu"), 1))
    assert found.accounts() == [ACCOUNT, Account("crm", "eu")]
