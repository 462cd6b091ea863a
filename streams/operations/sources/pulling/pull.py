"""One pull: what has changed in a CRM since an instant, compared with the topics, and repaired."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import aiohttp

from streams.config.settings import Settings
from streams.events import Rejected, decode
from streams.gateway.records import Record
from streams.internal_topics.reads import ReadKey
from streams.operations.sources.accounts import Account, token_of, token_variable
from streams.operations.sources.api_client import TRIES, ApiClient, Refused, Unavailable
from streams.operations.sources.pulling.topics_held import held_by_topics
from streams.sources.api import Api, ListCall
from streams.sources.api.pacing import pause
from streams.sources.api.pages import BadAnswer, Item, delivered, ids_of, records
from streams.sources.api.requests import NoRequest, refusal
from streams.sources.delivery import Delivery
from streams.sources.mapping import Unmapped
from streams.translation.translator import Translator
from streams.translation.writer import Writer, event_write

# Of one write.
CHUNK_EVENTS = 500
LISTED = 100
# A record read may name others; a circle of them ends here.
MOST_READS = 100_000
# Called with what is done now, how much of it is done, and of how much, or 0.
OnProgress = Callable[[str, int, int], object]


class CannotPull(Exception):
    """A pull that failed; the message gives source, kind of record and reason."""


class NotMapped(NamedTuple):
    """A record of the CRM that could not be translated whole."""

    kind: str
    why: Unmapped


@dataclass
class Pulled:
    """The result of a pull.

    Attributes:
        records: Number of records read, by kind.
        events: Number of events that they became.
        repaired: Number of events that were missing or differed, by type: they are written.
        unmapped: What could not be translated; the first LISTED.
        unmapped_count: All of these.
        ignored: Number of records that no rule matches.
    """

    records: Counter[str] = field(default_factory=Counter)
    events: int = 0
    repaired: Counter[str] = field(default_factory=Counter)
    unmapped: list[NotMapped] = field(default_factory=list)
    unmapped_count: int = 0
    ignored: int = 0

    def __str__(self) -> str:
        """Describe it in one line."""
        repaired = ", ".join(f"{count} {kind}" for kind, count in sorted(self.repaired.items()))
        return (
            f"{self.records.total():,} records have changed: of their {self.events:,} events"
            f" {self.repaired.total():,} were missing or differed{repaired and ': '}{repaired}"
        )


def client_of(
    settings: Settings,
    translator: Translator,
    account: Account,
    session: aiohttp.ClientSession,
    pauses: Callable[[int, int | None], int] = pause,
) -> ApiClient:
    """Return the client of an account. Raises CannotPull if it is not set up."""
    source = translator.sources.get(account.source)
    if source is None:
        known = ", ".join(sorted(translator.sources))
        raise CannotPull(f"there is no source {account.source!r}; known: {known}")
    if source.api is None or not source.api.lists:
        raise CannotPull(f"{source.name}.toml has no [api.list.<kind>]: what changed is not listed")
    token = token_of(settings, account)
    if not token:
        raise CannotPull(f"set SALES_KPIS_{token_variable(account)}, the token of {source.title}")
    return ApiClient(session, source.api, account.label, token, pauses)


class Pull:
    """Pulls one account."""

    def __init__(
        self,
        settings: Settings,
        translator: Translator,
        account: Account,
        api_client: ApiClient,
        on_progress: OnProgress = lambda *_: None,
    ) -> None:
        self._settings, self._translator, self._account = settings, translator, account
        self._client, self._on_progress = api_client, on_progress
        self.result = Pulled()
        self._events: list[Record] = []
        self._to_read: list[ReadKey] = []
        self._read: set[ReadKey] = set()

    async def run(self, since: int) -> Pulled:
        """Pull what changed since an instant, and write what is missing.

        Raises CannotPull if the CRM does not give it all, and Fatal if Kafka fails; run again, it
        repairs nothing twice.
        """
        await self._repair(await self.changed(since))
        return self.result

    async def changed(self, since: int) -> list[Record]:
        """Return the events of what changed since an instant. Raises CannotPull."""
        api: Api = self._client.api
        for name, call in api.lists.items():
            try:
                async for items in self._client.list_records(call, since):
                    await self._receive(call, items)
            except (Unavailable, Refused, NoRequest, BadAnswer) as error:
                raise CannotPull(f"{self._account}: list of {name}: {error}") from error
        while self._to_read and len(self._read) < MOST_READS:
            await self._read_record(api, self._to_read.pop())
        self.result.events = len(self._events)
        return self._events

    async def _receive(self, call: ListCall, items: Sequence[Item]) -> None:
        """Translate the records of a page, read one by one where the list only names them."""
        if not call.is_read:
            self._translate(call.kind, items)
            return
        read = self._client.api.reads[call.kind]
        ids = ids_of(read, items)
        for start in range(0, len(ids), read.most):
            await self._read_records(call.kind, ids[start : start + read.most])

    async def _read_records(self, kind: str, ids: list[str]) -> None:
        """Read records, and translate them. Raises as the client does."""
        answer = await self._client.read_patiently(kind, ids, TRIES)
        found = records(self._client.api.reads[kind], ids, answer)
        self._translate(kind, [item for item in found.values() if item is not None])

    def _translate(self, kind: str, items: Iterable[Item]) -> None:
        for item in items:
            self.result.records[kind] += 1
            body = delivered(kind, item)
            clock = self._settings.clock()
            found = self._translator.translate(Delivery(*self._account, {}, {}, body, clock))
            self._events += found.events
            self.result.ignored += found.ignored
            self.result.unmapped_count += len(found.unmapped)
            room = LISTED - len(self.result.unmapped)
            self.result.unmapped += [NotMapped(kind, each) for each in found.unmapped[:room]]
            self._to_read += (each.key for each in found.reads if each.key not in self._read)
        self._on_progress(f"{kind} records read", self.result.records[kind], 0)

    async def _read_record(self, api: Api, key: ReadKey) -> None:
        """Read a record that one of a list names."""
        if key in self._read:
            return
        self._read.add(key)
        where = f"{self._account}: {key.kind}"
        if reason := refusal(api, key.kind, key.id):
            raise CannotPull(f"{where}: {reason}")
        try:
            await self._read_records(key.kind, [key.id])
        except (Unavailable, Refused, NoRequest, BadAnswer) as error:
            raise CannotPull(f"{where}: {error}") from error

    async def _repair(self, events: list[Record]) -> None:
        """Write the events of which the topics lack something."""
        held = await held_by_topics(
            self._settings,
            events,
            lambda done, total: self._on_progress("comparing with the topics", done, total),
        )
        missing: list[Record] = []
        for record in events:
            event = decode(record.value)
            if isinstance(event, Rejected) or all(held[each].has(event) for each in record.topics):
                continue
            for topic in record.topics:
                held[topic].add(event)
            missing.append(record)
            self.result.repaired[str(type(event).__struct_config__.tag)] += 1
        if not missing:
            return
        async with Writer.open(self._settings) as writer:
            for start in range(0, len(missing), CHUNK_EVENTS):
                await writer.write(
                    event_write(self._settings, topic, each.key, each.value)
                    for each in missing[start : start + CHUNK_EVENTS]
                    for topic in each.topics
                )
