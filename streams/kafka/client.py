"""The connection options of all Kafka clients: address, encryption and authentication."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from streams.config.declaration import BadSetting
from streams.config.settings import Settings

log = logging.getLogger(__name__)
# How often a client asks where partitions are. A Kafka that has just started may know of none, and
# a group's leader then assigns none: it would notice that with the next answer, after 5 minutes.
METADATA_SECONDS = 10.0
# A client closes its connections within milliseconds, unless Kafka does not answer. A worker
# that closes a task must be through before its session in the group ends.
CLOSE_SECONDS = 4.0
# A client has learned of the cluster within milliseconds, unless Kafka does not answer.
BOOTSTRAP_SECONDS = 1.0
# A fenced broker is there again with its next heartbeat.
NODE_SECONDS, NODE_POLL_SECONDS = 10.0, 0.1
# Clients that are still closing after their caller has gone on; the event loop alone keeps no
# reference to them.
_closing: set[asyncio.Task[None]] = set()


def client(settings: Settings) -> dict[str, Any]:
    """Return the keyword arguments that every Kafka client is made with.

    Raises BadSetting for an unusable file.
    """
    return {
        "bootstrap_servers": settings.bootstrap,
        "metadata_max_age_ms": int(METADATA_SECONDS * 1000),
        **connection(settings),
    }


def connection(settings: Settings) -> dict[str, Any]:
    """Return the keyword arguments that every connection to a broker is made with.

    Certificates are checked against `kafka_ca`, or the system's authorities if that is not
    set, and the host's name is always checked. Raises BadSetting for an unusable file.
    """
    found: dict[str, Any] = {"security_protocol": settings.kafka_security}
    if settings.kafka_security.endswith("SSL"):
        found["ssl_context"] = _context(settings)
    if settings.kafka_security.startswith("SASL"):
        found |= {
            "sasl_mechanism": settings.kafka_mechanism,
            "sasl_plain_username": settings.kafka_user,
            "sasl_plain_password": settings.kafka_password,
        }
    return found


def safe_to_cancel(made: Any) -> Any:
    """Return a new client, which leaves no connection open if its start is cancelled.

    Where Kafka does not answer, the cancellation takes BOOTSTRAP_SECONDS, and one may stay open.
    """
    kafka = getattr(made, "client", None) or made._client
    bootstrap = kafka.bootstrap

    async def bootstrapped() -> None:
        # The client closes its first connection when it has been answered, and forgets it when it
        # is cancelled before.
        task = asyncio.create_task(bootstrap(), name="bootstrapping a client")
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                await asyncio.wait({task}, timeout=BOOTSTRAP_SECONDS)
                task.cancel()
            raise

    kafka.bootstrap = bootstrapped
    return made


@asynccontextmanager
async def admin_client(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Yield a started client for topics and groups.

    A broker that had no processor time is fenced for a moment, and then Kafka names none: this
    waits for it, up to NODE_SECONDS.
    """
    until = time.monotonic() + NODE_SECONDS
    while True:
        admin = safe_to_cancel(AIOKafkaAdminClient(**client(settings)))
        try:
            await admin.start()
            if admin._client.cluster.brokers() or time.monotonic() > until:
                yield admin
                return
        finally:
            await close_client("the admin client", admin.close())
        await asyncio.sleep(NODE_POLL_SECONDS)


async def cluster_id(settings: Settings) -> str:
    """Return what a Kafka calls itself; empty where it has no name. Raises KafkaError."""
    async with admin_client(settings) as admin:
        found = await admin.describe_cluster()
        return str(found.get("cluster_id") or "")


async def close_client(name: str, closing: Coroutine[Any, Any, None]) -> bool:
    """Close a client; False if that fails, or is not done within CLOSE_SECONDS.

    The client is closed in a task of its own. A client that is being closed waits for its own
    cancelled tasks: it would swallow the cancellation of its caller as one of theirs, and raise
    theirs in its caller, whose task would end as if it had been cancelled.
    """
    task = asyncio.create_task(closing, name=f"closing {name}")
    _closing.add(task)
    task.add_done_callback(_closing.discard)
    await asyncio.wait({task}, timeout=CLOSE_SECONDS)
    if not task.done():
        task.cancel()
        log.warning("%s was not closed within %g s", name, CLOSE_SECONDS)
        return False
    error = None if task.cancelled() else task.exception()
    if task.cancelled() or error is not None:
        log.warning("%s could not be closed cleanly", name, exc_info=error)
        return False
    return True


def _context(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca)
        if settings.kafka_certificate is not None:
            context.load_cert_chain(settings.kafka_certificate, settings.kafka_key)
    except (OSError, ssl.SSLError) as error:
        raise BadSetting(
            f"the certificates of SALES_KPIS_KAFKA_CA, _CERTIFICATE, _KEY cannot be used: {error}"
        ) from error
    return context
