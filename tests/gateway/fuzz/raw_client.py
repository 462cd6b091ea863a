"""Sends requests of any bytes over a connection that is kept while the gateway keeps it."""

import asyncio
from typing import NamedTuple
from urllib.parse import urlsplit

from streams.sources.delivery import Webhook

# Far longer than any answer needs: what takes so long hangs.
HANGS_SECONDS = 20.0


class RawReply(NamedTuple):
    """An answer of the gateway."""

    status: int
    body: bytes


class RawClient:
    """One connection at a time to a gateway."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, webhook: Webhook) -> RawReply:
        """Send a request and return its answer. Raises TimeoutError if none comes."""
        async with asyncio.timeout(HANGS_SECONDS):
            if self._streams is None:
                self._streams = await asyncio.open_connection(self._host, self._port)
            reader, writer = self._streams
            writer.write(written(webhook))
            return await self._reply(reader, webhook.method == "HEAD")

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _reply(self, reader: asyncio.StreamReader, is_head: bool) -> RawReply:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        length = 0 if is_head else int(headers.get("content-length", "0"))
        body = await reader.readexactly(length)
        # What is no HTTP is answered in the oldest version, whose connections are not kept.
        if headers.get("connection") == "close" or head[0].startswith("HTTP/1.0"):
            await self.close()
        return RawReply(int(head[0].split(" ")[1]), body)


def written(webhook: Webhook) -> bytes:
    """Return a request as the bytes of HTTP/1.1."""
    lines = [f"{webhook.method} {webhook.target} HTTP/1.1", "Host: crm.example.com"]
    lines += [f"{name}: {value}" for name, value in webhook.headers]
    lines.append(f"Content-Length: {len(webhook.body)}")
    head = "\r\n".join([*lines, "", ""])
    return head.encode("utf-8", "surrogateescape") + webhook.body
