"""Leads sent to a gateway's process, and how many of them are published."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from aiohttp import ClientSession

from streams.config.settings import Settings
from tests.gateway.processes import process
from tests.gateway.sending import Answer, Sender
from tests.installation.installed import output

PADDING = "x" * 4_000
LEADS_PER_REQUEST = 5


class Leads:
    """Sends new leads, and remembers how many the gateway has accepted."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.accepted: set[int] = set()
        self._refused: set[int] = set()
        self._next = 0

    async def send(self) -> int:
        """Send some that were never sent before; give the answer's status."""
        numbers = {self._next + number for number in range(LEADS_PER_REQUEST)}
        self._next += LEADS_PER_REQUEST
        answer = await self._post(numbers)
        if answer.status == 202:
            self.accepted |= numbers
        else:
            self._refused |= numbers
        return answer.status

    async def send_again(self) -> int:
        """Send all that was not accepted, as a sender would; give the answer's status."""
        answer = await self._post(self._refused)
        if answer.status == 202:
            self.accepted |= self._refused
            self._refused = set()
        return answer.status

    async def _post(self, numbers: set[int]) -> Answer:
        return await self.sender.post(orjson.dumps([lead(number) for number in sorted(numbers)]))


def lead(number: int) -> dict[str, str]:
    """Make a lead of some size."""
    return {
        "type": "lead.created",
        "id": f"e{number}",
        "at": "2026-05-01T00:00:00Z",
        "subject": f"lead-{number}",
        "channel": "web",
        "comment": PADDING,
    }


@asynccontextmanager
async def leads(settings: Settings) -> AsyncIterator[Leads]:
    """Give leads and the gateway they go to."""
    async with process(settings) as (_, url), ClientSession() as session:
        yield Leads(Sender(session, url))


async def counted(settings: Settings) -> int:
    """Give how many leads the year has, by what is published."""
    for key, record in (await output(settings)).items():
        if key.startswith("lead_count|all|year|2026"):
            return int(record["value"])
    return 0
