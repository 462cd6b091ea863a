"""Bodies of requests: which types and encodings are accepted, and reading within the limits."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator

from aiohttp import ClientPayloadError, hdrs, web

from streams.events.formats.cloudevents import BATCH, STRUCTURED
from streams.events.formats.json_text import is_json_type
from streams.gateway import canonical, cloudevents
from streams.gateway.errors import RequestRejected
from streams.gateway.limits import (
    BODY_BYTES,
    MemoryBudget,
    too_large,
)
from streams.gateway.records import Record

READ_SECONDS = 15.0
ENCODINGS = frozenset({"gzip", "x-gzip", "deflate"})
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What is decompressed before it is counted.
PIECE_BYTES = 64 * 1024
# A gzip file may consist of several; the work for one does not depend on its size.
MEMBERS = 64
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS

Reader = Callable[[bytes], list[Record]]


def reader_for(request: web.Request) -> Reader:
    """Return the parser for the body's declared type."""
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise RequestRejected("media_type", "send the body in UTF-8")
    is_binary = cloudevents.is_binary(request.headers)
    declared = request.headers.get(hdrs.CONTENT_TYPE, "").strip()
    # The binding of binary mode: without a type the data is JSON.
    content_type = request.content_type.lower() if declared else ""
    if content_type == STRUCTURED:
        return cloudevents.from_structured
    if content_type == BATCH:
        return cloudevents.from_batch
    if is_binary:
        headers = list(request.headers.items())
        return lambda body: cloudevents.from_binary(headers, content_type or canonical.JSON, body)
    if is_json_type(content_type):
        return canonical.from_json
    if content_type in canonical.LINES:
        return canonical.from_lines
    found = f"Content-Type is {content_type}" if declared else "Content-Type is missing"
    known = ", ".join([canonical.JSON, *sorted(canonical.LINES), STRUCTURED])
    raise RequestRejected(
        "media_type",
        f"{found}: send {known} or {BATCH}; text/json and other types that end in"
        " +json are read as JSON",
    )


def encoding_of(request: web.Request) -> str:
    """Return the encoding of the body in lower case, `identity` if it has none."""
    declared = ",".join(request.headers.getall(hdrs.CONTENT_ENCODING, []))
    given = [name.strip().lower() for name in declared.split(",")]
    encodings = [name for name in given if name not in ("", "identity")]
    if len(encodings) > 1 or not ENCODINGS.issuperset(encodings):
        raise RequestRejected(
            "media_type",
            f"Content-Encoding is {declared}: send the body as gzip or deflate, or uncompressed",
        )
    return encodings[0] if encodings else "identity"


async def read_body(request: web.Request, budget: MemoryBudget) -> bytearray:
    """Read and decompress the body within limits of size, memory and time.

    The caller releases its memory.
    """
    if (request.content_length or 0) > BODY_BYTES:
        raise too_large()
    encoding = encoding_of(request)
    chunks = request.content.iter_any()
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await budget.read(
                chunks if encoding == "identity" else decompressed(chunks, encoding)
            )
    except (ConnectionError, ClientPayloadError) as error:
        raise RequestRejected("malformed", "the body broke off") from error
    except TimeoutError as error:
        raise RequestRejected("slow", f"the body took longer than {READ_SECONDS:.0f} s") from error


def without_mark(body: bytes | bytearray) -> bytes:
    """Return the body without the byte order mark that some programs write before UTF-8."""
    return bytes(body.removeprefix(BYTE_ORDER_MARK))


async def decompressed(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """Decompress chunk by chunk, in pieces of PIECE_BYTES at most."""
    decompressor = Decompressor(encoding)
    received = 0
    async for chunk in chunks:
        received += len(chunk)
        if received > BODY_BYTES:
            raise too_large()
        try:
            for piece in decompressor.pieces(chunk):
                yield piece
        except zlib.error as error:
            raise RequestRejected("malformed", f"the body is not {encoding}: {error}") from error
    if not decompressor.is_complete:
        raise RequestRejected("malformed", f"the body's {encoding} breaks off")


class Decompressor:
    """Decompresses one body. Raises RequestRejected or zlib.error for what is none."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._member: zlib._Decompress | None = None
        self._members = 0
        self._begin = b""

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing; a body without bytes is complete."""
        return not self._begin and (self._member is None or self._member.eof)

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a further chunk gives."""
        while chunk:
            if self._member is None or self._member.eof:
                chunk = self._begin + chunk
                # The first two bytes decide which of two formats `deflate` is.
                self._begin = chunk if len(chunk) < 2 else b""
                if self._begin:
                    return
                self._member = self._next_member(chunk)
            yield from self._inflate(self._member, chunk)
            chunk = self._member.unused_data

    @staticmethod
    def _inflate(member: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
        while True:
            piece = member.decompress(chunk, PIECE_BYTES)
            if piece:
                yield piece
            chunk = member.unconsumed_tail
            # A full piece may have left output behind without input.
            if member.eof or not (chunk or len(piece) == PIECE_BYTES):
                return

    def _next_member(self, chunk: bytes) -> "zlib._Decompress":
        self._members += 1
        if self._members > (1 if self._encoding == "deflate" else MEMBERS):
            raise RequestRejected("malformed", f"bytes follow after the body's {self._encoding}")
        if self._encoding != "deflate":
            return zlib.decompressobj(_GZIP)
        # HTTP means the zlib format; many senders leave its header out.
        has_header = chunk[0] & 0x0F == zlib.DEFLATED and int.from_bytes(chunk[:2]) % 31 == 0
        return zlib.decompressobj(_ZLIB if has_header else _RAW)
