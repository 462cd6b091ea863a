"""The overview of sources: which are on, their addresses, and what came of their webhooks."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from streams.config.settings import Settings
from streams.gateway.webhooks.endpoints import endpoints
from streams.kafka.reader import beginnings, read_to
from streams.operations.dead_letters import read_dead_letters
from streams.operations.sources.backlog import PARTITIONS, backlog, inbox_ends
from streams.sources.loading import sources

# Of each partition of the inbox: enough to see every source that sends now and then.
NEWEST = 500
GATEWAY_SECONDS = 2.0
REQUESTS = "sales_kpis_gateway_webhooks_total"
LAST = "sales_kpis_gateway_webhook_last_timestamp_seconds"
UNKEPT = ("limited", "later")
REFUSED = ("unverified", "unreadable")


@dataclass(frozen=True)
class SourceState:
    """One source.

    Attributes:
        name: Its name.
        title: What people call it.
        is_on: Whether it has a secret.
        address: Where its webhooks go, without a secret.
        has_token: Whether the address needs the secret as a parameter.
        last: When its last delivery came, in milliseconds; None if none is known of.
        unmapped: Number of its dead letters that wait.
        accepted, refused, unkept: Requests that the gateway has accepted, refused for good and
            asked to come again since its start; None where it could not be asked.
    """

    name: str
    title: str
    is_on: bool
    address: str
    has_token: bool
    last: int | None
    unmapped: int
    accepted: int | None = None
    refused: int | None = None
    unkept: int | None = None


@dataclass(frozen=True)
class Overview:
    """The sources that were asked for, and how many deliveries wait to be translated.

    `off` are the names of all that have no secret. `gateway_problem` is why the gateway could not
    be asked, None if it answered.
    """

    sources: tuple[SourceState, ...]
    off: tuple[str, ...]
    waiting: int
    gateway_problem: str | None


class GatewayCounts:
    """The counts of one gateway since its start, by source."""

    def __init__(self, text: str) -> None:
        """Parse what it answers to `/metrics`."""
        self.last: dict[str, int] = {}
        self._requests: Counter[tuple[str, str]] = Counter()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                source = sample.labels.get("source", "")
                if sample.name == REQUESTS:
                    self._requests[source, sample.labels["outcome"]] += int(sample.value)
                elif sample.name == LAST:
                    self.last[source] = int(sample.value * 1000)

    def count(self, source: str, *outcomes: str) -> int:
        """How many requests of a source had one of some outcomes."""
        return sum(self._requests[source, outcome] for outcome in outcomes)


async def overview(settings: Settings, gateway: str, *, every: bool = True) -> Overview:
    """Describe all sources, or only those that are on: that takes a tenth of the time.

    `gateway` is the URL of a gateway, which need not be reachable.
    """
    known, on = sources(settings.sources), endpoints(settings)
    last, unmapped = await _last_deliveries(settings), await unmapped_items(settings)
    counts, problem = await _ask(settings, gateway)
    base = settings.public_url or gateway.rstrip("/")

    def state(name: str) -> SourceState:
        source = known[name]
        seen = [each for each in (last.get(name), counts and counts.last.get(name)) if each]
        return SourceState(
            name,
            source.title,
            is_on=name in on,
            address=f"{base}/webhooks/{name}",
            has_token=bool(source.recipe.hidden),
            last=max(seen, default=None),
            unmapped=unmapped[name],
            accepted=None if counts is None else counts.count(name, "accepted", "repeated"),
            refused=None if counts is None else counts.count(name, *REFUSED),
            unkept=None if counts is None else counts.count(name, *UNKEPT),
        )

    waiting = await backlog(settings)
    states = tuple(state(name) for name in known if every or name in on)
    off = tuple(name for name in known if name not in on)
    return Overview(states, off, waiting, problem)


async def _last_deliveries(settings: Settings) -> dict[str, int]:
    """When the last delivery of each source came, of the newest in the inbox."""
    stops, firsts = await inbox_ends(settings), await beginnings(settings, PARTITIONS)
    starts = {at: max(firsts[at], stop - NEWEST) for at, stop in stops.items()}
    found: dict[str, int] = {}
    async for _, records in read_to(settings, stops, starts):
        for record in records:
            headers = dict(record.headers or ())
            source = (headers.get("source") or b"").decode(errors="replace")
            found[source] = max(record.timestamp, found.get(source, 0))
    return found


async def unmapped_items(settings: Settings) -> Counter[str]:
    """How many dead letters of each source's deliveries wait."""
    return Counter(
        letter.place.source.partition("/")[0]
        for letter in await read_dead_letters(settings)
        if letter.place is not None and letter.sent_again is None
    )


async def _ask(settings: Settings, gateway: str) -> tuple[GatewayCounts | None, str | None]:
    """Ask a gateway for its counts; without them, return the reason."""
    token = settings.token.partition(",")[0]
    headers: Mapping[str, str] = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{gateway.rstrip('/')}/metrics"
    limit = aiohttp.ClientTimeout(total=GATEWAY_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(url, headers=headers) as response,
        ):
            if response.status != 200:
                return None, f"{url} answered {response.status}"
            return GatewayCounts(await response.text()), None
    except (TimeoutError, aiohttp.ClientError, ValueError) as error:
        return None, f"{url}: {type(error).__name__}"
