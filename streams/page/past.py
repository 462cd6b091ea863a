"""The past: the history that the settings name, opened when it is first asked for.

It may be begun after the page, moved or restarted: whoever asks next finds it again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from streams.history.database import BadHistory, NoHistory, Unavailable
from streams.history.store import History, PastAlerts, Point
from streams.page.refusals import not_found, unavailable
from streams.page.visible import KeyedRecord

OpenHistory = Callable[[], AbstractAsyncContextManager[History]]
# Each reads as many records as it is asked for into memory.
QUERIES_AT_ONCE = 2
# 1970 to 9999: any window there can be.
FIRST_MS, LAST_MS = 0, 253_402_300_799_000


class Past:
    """Records as they were; refuses a request where there is no history, with the reason.

    Attributes:
        is_unavailable: Whether the last question was not answered though there is a history.
    """

    def __init__(self, open_history: OpenHistory) -> None:
        self._open_history = open_history
        self._opened = AsyncExitStack()
        self._history: History | None = None
        self.is_unavailable = False
        self._opening = asyncio.Lock()
        self._free = asyncio.Semaphore(QUERIES_AT_ONCE)

    async def points(
        self, kpi: str, scope: str, window: str, first_ms: int | None, last_ms: int | None
    ) -> list[Point]:
        """Return the windows that begin in `[first_ms, last_ms)`, oldest first; None: no bound."""
        first = FIRST_MS if first_ms is None else first_ms
        last = LAST_MS if last_ms is None else last_ms
        async with self._asked() as history:
            return await history.points(kpi, scope, window, first, last)

    async def as_of(
        self,
        at_ms: int,
        kpis: Sequence[str] | None,
        scopes: Sequence[str] | None,
        windows: Sequence[str] | None,
    ) -> list[KeyedRecord]:
        """Return the record of each key as it stood at an instant; None stands for all there are.

        Of no scope, which is what somebody may see who may not see what was asked for, there is
        nothing.
        """
        async with self._asked() as history:
            if scopes is not None and not scopes:
                return []
            found = await history.as_of(at_ms, kpis or (), scopes or (), windows or ())
            return [KeyedRecord(kept.key, kept.record) for kept in found]

    async def alerts(self, at_ms: int) -> PastAlerts:
        """Return the alerts that stood at an instant, whoever's they are."""
        async with self._asked() as history:
            return await history.alerts(at_ms)

    async def close(self) -> None:
        """Close the history, which may be opened again."""
        self._history = None
        opened, self._opened = self._opened, AsyncExitStack()
        await opened.aclose()

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[History]:
        async with self._free:
            try:
                yield await self._open()
                self.is_unavailable = False
            except NoHistory as error:
                raise not_found(str(error)) from error
            except (BadHistory, Unavailable) as error:
                self.is_unavailable = True
                await self.close()
                raise unavailable(f"the history cannot be read: {error}") from error

    async def _open(self) -> History:
        async with self._opening:
            if self._history is None:
                self._history = await self._opened.enter_async_context(self._open_history())
            return self._history
