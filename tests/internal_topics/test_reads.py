"""Records of the topic of what is to be read from CRMs."""

from collections.abc import Sequence

from aiokafka import ConsumerRecord

from streams.internal_topics import reads

Headers = Sequence[tuple[str, bytes]]
KEY = reads.ReadKey("bitrix24", "acme", "deal", "7/é")


def consumed(key: bytes, value: bytes | None, headers: Headers = ()) -> ConsumerRecord:
    return ConsumerRecord("sales-kpis.reads", 0, 9, 0, 0, key, value, None, 0, 0, headers)


def test_request_is_read_as_it_was_written() -> None:
    request = reads.ReadRequest(KEY, 1_795_000_000_000)
    assert reads.read(consumed(*reads.write(request))) == request


def test_tombstone_names_the_record_that_was_read() -> None:
    record = consumed(*reads.tombstone(KEY, 7))
    assert reads.read(record) is None
    assert reads.read_key(record) == KEY


def test_tombstone_answers_requests_up_to_the_one_that_was_read() -> None:
    assert reads.answered(consumed(*reads.tombstone(KEY, 7))) == 7


def test_tombstone_without_header_answers_all_before_it() -> None:
    assert reads.answered(consumed(KEY.encode(), None)) == 9


def test_requests_for_one_record_have_one_key() -> None:
    first, second = (reads.write(reads.ReadRequest(KEY, asked)) for asked in (1, 2))
    assert first[0] == second[0]


def test_ids_with_separators_do_not_collide() -> None:
    assert (
        reads.ReadKey("a", "b/c", "d", "e").encode() != reads.ReadKey("a", "b", "c/d", "e").encode()
    )
