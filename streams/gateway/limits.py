"""How large, long and deep a body may be, found out before a parser builds anything from it."""

import re
from collections.abc import AsyncIterator

from streams.gateway.errors import RequestRejected

BODY_BYTES = 4 * 1024 * 1024
# Well under what a broker takes in one record by default.
EVENT_BYTES = 256 * 1024
EVENTS = 10_000
DEPTH = 32
PROBLEMS = 20
# Bodies of all requests in hand together: about what can be written before the deadline.
IN_HAND_BYTES = 16 * 1024 * 1024

# Up to the next sign that shapes JSON, over strings and what else there is. It never fails and
# never goes back, so its time is linear whatever it is given: an open string runs to the end.
_SHAPING = re.compile(
    rb"""(?:[^\[\]{},"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"?)*+([\[\]{},]|\Z)""", re.DOTALL
)


def check_shape(text: bytes) -> None:
    """Refuse JSON that nests deeper than DEPTH or has more than EVENTS items at its top level.

    Text that is no JSON may pass: up to its first error it is within the bounds.
    """
    openers = text.count(b"{") + text.count(b"[")
    if openers <= DEPTH and text.count(b",") < EVENTS:
        return
    depth, items = 0, 1
    for found in _SHAPING.finditer(text):
        sign = found[1]
        if sign in (b"[", b"{"):
            depth += 1
            if depth > DEPTH:
                raise RequestRejected("too_deep", f"nested deeper than {DEPTH}")
        elif sign in (b"]", b"}"):
            depth -= 1
        elif sign and depth == 1:
            items += 1
            if items > EVENTS:
                raise too_many()


def too_many() -> RequestRejected:
    """Refuse a body of too many events."""
    return RequestRejected("too_many", f"more than {EVENTS} events, or fields of one, in a request")


class MemoryBudget:
    """The memory that bodies in hand may take together; full, further requests are refused."""

    def __init__(self, capacity: int = IN_HAND_BYTES) -> None:
        """Start empty."""
        self._free = capacity

    async def read(self, chunks: AsyncIterator[bytes]) -> bytearray:
        """Read a body whole. It takes its room until `leave` is called with it."""
        body = bytearray()
        try:
            async for chunk in chunks:
                if len(body) + len(chunk) > BODY_BYTES:
                    raise too_large()
                if len(chunk) > self._free:
                    raise RequestRejected("busy", "too much in hand: try again shortly")
                self._free -= len(chunk)
                body += chunk
        except BaseException:
            self.release(len(body))
            raise
        return body

    def release(self, size: int) -> None:
        """Give back the room of a body of this size."""
        self._free += size


def too_large() -> RequestRejected:
    """Refuse a body of too many bytes."""
    return RequestRejected("too_large", f"the body is longer than {BODY_BYTES} bytes: send several")
