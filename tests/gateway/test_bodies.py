"""Bodies are accepted in the types and encodings that senders use, within the same limits."""

import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable

import pytest

from streams.gateway.bodies import PIECE_BYTES, decompressed
from streams.gateway.errors import RequestRejected
from streams.gateway.limits import BODY_BYTES, MemoryBudget
from tests.gateway.samples import array, deal, lines
from tests.gateway.sending import Sender
from tests.gateway.test_cloudevents import DATA, HEADERS, STRUCTURED, event
from tests.gateway.written import Written

JSON, LINES = "application/json", "application/x-ndjson"
MARK = b"\xef\xbb\xbf"
GOOD = deal(1)
BOMB = b"\0" * 10_000_000


def raw_deflate(body: bytes) -> bytes:
    """Compress without a header, as many senders do for `deflate`."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/json", GOOD),
        ("application/vnd.crm.event+json", GOOD),
        ("application/hal+json; charset=utf-8", array(GOOD)),
        (JSON, MARK + GOOD),
        (JSON, MARK + array(GOOD)),
        (LINES, MARK + lines(GOOD)),
    ],
)
async def test_json_by_another_name_or_with_a_mark_is_accepted_unchanged(
    sender: Sender, written: Written, content_type: str, body: bytes
) -> None:
    answer = await sender.post(body, content_type)
    assert (answer.status, answer.body) == (202, {"accepted": 1})
    assert [record.value for record in await written.records()] == [GOOD]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(GOOD)),
        ("GZIP", gzip.compress(GOOD)),
        ("x-gzip", gzip.compress(GOOD)),
        ("identity, gzip", gzip.compress(GOOD)),
        ("gzip", gzip.compress(MARK + GOOD)),
        ("gzip", gzip.compress(GOOD[:20]) + gzip.compress(GOOD[20:])),
        ("deflate", zlib.compress(GOOD)),
        ("deflate", raw_deflate(GOOD)),
        ("identity", GOOD),
    ],
)
async def test_a_compressed_body_is_accepted(
    sender: Sender, written: Written, encoding: str, body: bytes
) -> None:
    assert (await sender.post(body, Content_Encoding=encoding)).status == 202
    assert [record.value for record in await written.records()] == [GOOD]


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", gzip.compress(BOMB), 413),
        ("deflate", zlib.compress(BOMB), 413),
        ("gzip", gzip.compress(b"") * 65, 400),
        ("gzip", GOOD, 400),
        ("gzip", gzip.compress(GOOD)[:-1], 400),
        ("gzip", gzip.compress(GOOD)[:1], 400),
        ("gzip", gzip.compress(GOOD) + b"x", 400),
        ("gzip", b"", 400),
        ("deflate", zlib.compress(GOOD) + b"xx", 400),
        ("br", GOOD, 415),
        ("gzip, gzip", gzip.compress(gzip.compress(GOOD)), 415),
    ],
)
async def test_a_bad_or_too_large_compressed_body_is_refused(
    sender: Sender, written: Written, encoding: str, body: bytes, status: int
) -> None:
    answer = await sender.post(body, Content_Encoding=encoding)
    assert answer.status == status, answer.body
    assert await written.count() == 0


async def chunks(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", raw_deflate)]
)
async def test_chunks_of_any_size_give_the_same_body(
    encoding: str, compress: Callable[[bytes], bytes], size: int
) -> None:
    body = bytes(n * n % 251 for n in range(3 * PIECE_BYTES))
    pieces = [piece async for piece in decompressed(chunks(compress(body), size), encoding)]
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) <= PIECE_BYTES


async def test_a_bomb_is_not_inflated_beyond_the_limit() -> None:
    bomb = gzip.compress(BOMB)
    tracemalloc.start()
    try:
        with pytest.raises(RequestRejected, match="longer than"):
            await MemoryBudget().read(decompressed(chunks(bomb, 4096), "gzip"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Growing a buffer needs room for both sizes of it for an instant.
    assert peak < 2.5 * BODY_BYTES


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [("text/plain", "text/plain"), (None, "missing")],
)
async def test_what_would_do_is_named(
    sender: Sender, content_type: str | None, expected: str
) -> None:
    answer = await sender.post(GOOD, content_type)
    assert answer.status == 415
    assert expected in answer.body["error"]
    for known in (JSON, LINES, STRUCTURED, "+json"):
        assert known in answer.body["error"]
    refused = await sender.post(GOOD, Content_Encoding="br")
    assert "br: send the body as gzip or deflate" in refused.body["error"]
    assert refused.headers["Accept-Encoding"] == "gzip, deflate"


async def test_a_binary_cloudevent_without_a_type_is_json(sender: Sender, written: Written) -> None:
    assert (await sender.post(DATA, None, **HEADERS)).status == 202
    assert (await sender.post(MARK + DATA, JSON, **HEADERS)).status == 202
    assert (await sender.post(MARK + event(), STRUCTURED)).status == 202
    values = [record.value for record in await written.records()]
    assert len(values) == 3
    assert all(b'"amount":"1234.50"' in value.replace(b": ", b":") for value in values)
