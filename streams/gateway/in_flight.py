"""The requests in hand, so that an end can wait for them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class InFlightRequests:
    """Counts requests from their headers to their answer.

    The web server's own clean-up waits for handlers too, but drops what still arrives of their
    bodies: to be called only when none is in hand.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.is_ending = False
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Have a request in hand."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if self._count == 0:
                self._none.set()

    async def end(self, seconds: float) -> bool:
        """Wait for those in hand to be answered; False if some are not after so many seconds.

        Connections are to be closed with their next answer from now on.
        """
        self.is_ending = True
        try:
            async with asyncio.timeout(seconds):
                await self._none.wait()
        except TimeoutError:
            return False
        return True
