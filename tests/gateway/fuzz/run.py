"""Sends random requests to a gateway process: no answer of 5xx, no hang, bounded memory."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from streams.events import Rejected, decode
from streams.gateway.webhooks.requests import delivery
from streams.sources.auth import Verified, verify
from streams.sources.delivery import Webhook
from streams.sources.mapping import translate
from tests.gateway.fuzz.raw_client import RawClient
from tests.gateway.fuzz.requests import PUBLIC, Requests, Target

CONNECTIONS = 8
# The product's modules, the Kafka client, and all bodies in flight at their largest.
MOST_MEMORY = 400 * 1024 * 1024
KEY = b"the key of a test installation"


@dataclass(slots=True)
class Outcome:
    """What came of the requests of one source.

    Attributes:
        statuses: Answers by status.
        events: How many events the verified ones became.
        failures: Whatever must not be, with the request.
        memory: The most memory that the gateway has used, in bytes.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    events: int = 0
    failures: list[str] = field(default_factory=list)
    memory: int = 0


async def run(url: str, pid: int, target: Target, inputs: int, seed: int) -> Outcome:
    """Send so many requests of one source to a gateway."""
    outcome = Outcome()
    requests = Requests(target, seed)
    waiting = iter(range(inputs))

    async def send_all() -> None:
        client = RawClient(url)
        for _ in waiting:
            webhook = requests.request(time.time_ns() // 1_000_000)
            await send(client, webhook, outcome)
            check_translation(target, webhook, outcome)
        await client.close()

    await asyncio.gather(*(send_all() for _ in range(min(CONNECTIONS, inputs))))
    outcome.memory = peak_memory(pid)
    if outcome.memory > MOST_MEMORY:
        outcome.failures.append(f"the gateway has used {outcome.memory:,} bytes")
    return outcome


async def send(client: RawClient, webhook: Webhook, outcome: Outcome) -> None:
    """Send a request and note its answer."""
    try:
        status = (await client.send(webhook)).status
    except TimeoutError:
        outcome.failures.append(f"no answer: {webhook}")
        await client.close()
        return
    except (ConnectionError, asyncio.IncompleteReadError) as error:
        # Closed without an answer, as after a request that was never HTTP.
        outcome.failures.append(f"{error!r}: {webhook}")
        await client.close()
        return
    outcome.statuses[status] += 1
    if status >= 500:
        outcome.failures.append(f"{status}: {webhook}")


def check_translation(target: Target, webhook: Webhook, outcome: Outcome) -> None:
    """Translate what is verified as the agent would: nothing may be raised."""
    endpoint, now = target.endpoint, webhook.received
    verified = verify(webhook, endpoint.recipe, endpoint.secrets, PUBLIC, now)
    if not isinstance(verified, Verified):
        return
    try:
        kept = delivery(webhook, endpoint, verified)
    except (ValueError, RecursionError):
        return
    translation = translate(endpoint.source, kept, KEY)
    outcome.events += len(translation.events)
    wrong = [each for each in translation.events if isinstance(decode(each), Rejected)]
    outcome.failures += [f"{each!r} is no event: {webhook}" for each in wrong]


def peak_memory(pid: int) -> int:
    """Return the most memory that a process has used, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"no memory of process {pid}")


def summary(name: str, outcome: Outcome, seconds: float) -> str:
    """Return the outcome as one line."""
    statuses = ", ".join(f"{status}: {n:,}" for status, n in sorted(outcome.statuses.items()))
    rate = sum(outcome.statuses.values()) / seconds
    return (
        f"{name:18} {statuses}; {outcome.events:,} events; {rate:,.0f}/s;"
        f" {outcome.memory / 2**20:,.0f} MiB; {len(outcome.failures)} failures"
    )


def chosen(targets: Sequence[Target], names: Sequence[str]) -> list[Target]:
    """Return the targets of these names, or all."""
    return [each for each in targets if not names or each.name in names]
