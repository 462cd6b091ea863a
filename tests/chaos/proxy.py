"""Stands between workers and Kafka: holds everything up, or lets an EndTxn arrive twice.

A copy of an EndTxn that arrives inside the next transaction ends that one: with Kafka's old
transaction protocol a request names the producer, not the transaction.
"""

import asyncio
import contextlib
import struct
from dataclasses import dataclass

PRODUCE, END_TXN = 0, 26
HEADER = struct.Struct(">hhih")
CHUNK = 256 * 1024


@dataclass
class Wire:
    """One connection's way back to the client."""

    # An EndTxn that is to arrive again before the next answer goes back.
    late: bytes | None = None


class Proxy:
    """Forwards to one address. Stalls and late ends are asked for by the harness."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.port = 0
        self.late_ends: list[str] = []
        self._flowing = asyncio.Event()
        self._flowing.set()
        # Which stage's next EndTxn is to be copied, and copies that wait for so many produce
        # requests of their client.
        self._wanted: tuple[str, int] | None = None
        self._copies: dict[str, tuple[bytes, int]] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen on a free port of this machine."""
        self._server = await asyncio.start_server(self._serve, self._host, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop, and drop all connections."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stall(self, seconds: float) -> None:
        """Let nothing through for a while."""
        self._flowing.clear()
        await asyncio.sleep(seconds)
        self._flowing.set()

    def let_an_end_be_late(self, stage: str, after: int) -> None:
        """Copy a stage's next EndTxn into what follows, after so many produce requests."""
        self._wanted = stage, after

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        wire = Wire()
        try:
            back, forth = await asyncio.open_connection(self._host, self._port)
        except OSError:
            writer.close()
            self._tasks.discard(task)
            return
        try:
            ways = [
                asyncio.create_task(self._requests(reader, forth, wire)),
                asyncio.create_task(self._answers(back, writer, wire)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self._tasks.discard(task)
            for side in (writer, forth):
                side.close()

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wire: Wire
    ) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                length = await reader.readexactly(4)
                request = await reader.readexactly(int.from_bytes(length, "big"))
                await self._flowing.wait()
                self._inspect(request, wire)
                writer.write(length + request)
                await writer.drain()

    async def _answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wire: Wire
    ) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while chunk := await reader.read(CHUNK):
                await self._flowing.wait()
                if wire.late is not None:
                    request, wire.late = wire.late, None
                    await self._send_again(request)
                writer.write(chunk)
                await writer.drain()

    def _inspect(self, request: bytes, wire: Wire) -> None:
        key, _, _, length = HEADER.unpack_from(request)
        if key not in (PRODUCE, END_TXN) or length <= 0:
            return
        client = request[HEADER.size : HEADER.size + length].decode()
        if key == END_TXN and self._wanted is not None and f"-{self._wanted[0]}-" in client:
            self._copies[client] = request, self._wanted[1]
            self._wanted = None
        elif key == PRODUCE and client in self._copies:
            copy, left = self._copies.pop(client)
            if left > 1:
                self._copies[client] = copy, left - 1
            else:
                wire.late = copy
                self.late_ends.append(client)

    async def _send_again(self, request: bytes) -> None:
        back, forth = await asyncio.open_connection(self._host, self._port)
        forth.write(len(request).to_bytes(4, "big") + request)
        await forth.drain()
        await back.readexactly(int.from_bytes(await back.readexactly(4), "big"))
        forth.close()
