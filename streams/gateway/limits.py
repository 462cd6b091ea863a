"""Limits of size, count and depth of a body, checked before it is parsed."""

import re
from collections.abc import AsyncIterator

from streams.gateway.errors import RequestRejected

BODY_BYTES = 4 * 1024 * 1024
# Well below a broker's default limit for a record.
EVENT_BYTES = 256 * 1024
EVENTS = 10_000
DEPTH = 32
PROBLEMS = 20
# Bodies of all requests in flight together: about what can be written before the deadline.
IN_FLIGHT_BYTES = 16 * 1024 * 1024

# Matches up to the next bracket or comma outside of strings. It never fails and never backtracks,
# so its time is linear for any input: an unclosed string runs to the end.
_STRUCTURE = re.compile(
    rb"""(?:[^\[\]{},"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"?)*+([\[\]{},]|\Z)""", re.DOTALL
)


def check_shape(text: bytes) -> None:
    """Reject JSON that is nested deeper than DEPTH or has more than EVENTS items at its top level.

    Text that is not JSON may pass: up to its first error it is within the limits.
    """
    openers = text.count(b"{") + text.count(b"[")
    if openers <= DEPTH and text.count(b",") < EVENTS:
        return
    depth, items = 0, 1
    for found in _STRUCTURE.finditer(text):
        token = found[1]
        if token in (b"[", b"{"):
            depth += 1
            if depth > DEPTH:
                raise RequestRejected("too_deep", f"nested deeper than {DEPTH}")
        elif token in (b"]", b"}"):
            depth -= 1
        elif token and depth == 1:
            items += 1
            if items > EVENTS:
                raise too_many()


def too_many() -> RequestRejected:
    """Return the rejection of a body with too many events."""
    return RequestRejected("too_many", f"more than {EVENTS} events, or fields of one, in a request")


class MemoryBudget:
    """The memory for the bodies of all requests in flight; requests beyond it are rejected."""

    def __init__(self, capacity: int = IN_FLIGHT_BYTES) -> None:
        self._free = capacity

    async def read(self, chunks: AsyncIterator[bytes]) -> bytearray:
        """Read a whole body; its memory is reserved until `release` is called with its size."""
        body = bytearray()
        try:
            async for chunk in chunks:
                if len(body) + len(chunk) > BODY_BYTES:
                    raise too_large()
                if len(chunk) > self._free:
                    raise RequestRejected("busy", "too many requests in flight: try again shortly")
                self._free -= len(chunk)
                body += chunk
        except BaseException:
            self.release(len(body))
            raise
        return body

    def release(self, size: int) -> None:
        """Release the memory of a body of this size."""
        self._free += size


def too_large() -> RequestRejected:
    """Return the rejection of a body with too many bytes."""
    return RequestRejected("too_large", f"the body is longer than {BODY_BYTES} bytes: send several")
