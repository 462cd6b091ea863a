"""Keys lead to the partitions that Java's default partitioner chooses."""

from aiokafka.partitioner import murmur2 as of_the_client
from hypothesis import given
from hypothesis import strategies as st

from streams.internal_topics.partitioner import murmur2, partition_of


def test_hashes_are_those_of_kafkas_own_tests() -> None:
    # UtilsTest.testMurmur2 of Apache Kafka, as unsigned numbers.
    known = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536}
    assert {key: murmur2(key) for key in known} == {k: n % 2**32 for k, n in known.items()}


def test_sign_is_dropped_before_the_modulo() -> None:
    assert partition_of(b"21", 4) == (-973932308 & 0x7FFFFFFF) % 4


@given(st.binary(max_size=40))
def test_hash_is_that_of_the_client(key: bytes) -> None:
    assert murmur2(key) == of_the_client(key)
