"""The requests in flight, so that a shutdown can wait for them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class InFlightRequests:
    """Counts requests from their headers to their response.

    The web server's own clean-up waits for handlers too, but drops the rest of their bodies: it is
    to be called only when no request is in flight. Once `is_ending`, connections are to be closed
    with their next response.
    """

    def __init__(self) -> None:
        self.is_ending = False
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request for the block."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if self._count == 0:
                self._none.set()

    async def end(self, seconds: float) -> bool:
        """Wait until no request is in flight; return False if that takes longer than `seconds`."""
        self.is_ending = True
        try:
            async with asyncio.timeout(seconds):
                await self._none.wait()
        except TimeoutError:
            return False
        return True
