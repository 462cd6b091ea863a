"""The connection options of all Kafka clients: address, encryption and authentication."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from streams.config.declaration import BadSetting
from streams.config.settings import Settings


def client(settings: Settings) -> dict[str, Any]:
    """Return the keyword arguments that every Kafka client is made with.

    Certificates are checked against `kafka_ca`, or the system's authorities if that is not
    set, and the host's name is always checked. Raises BadSetting for an unusable file.
    """
    found: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap,
        "security_protocol": settings.kafka_security,
    }
    if settings.kafka_security.endswith("SSL"):
        found["ssl_context"] = _context(settings)
    if settings.kafka_security.startswith("SASL"):
        found |= {
            "sasl_mechanism": settings.kafka_mechanism,
            "sasl_plain_username": settings.kafka_user,
            "sasl_plain_password": settings.kafka_password,
        }
    return found


@asynccontextmanager
async def admin_client(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Yield a started client for topics and groups."""
    admin = AIOKafkaAdminClient(**client(settings))
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()
        heed_cancellation()


def heed_cancellation() -> None:
    """Raise CancelledError if the task was cancelled and a client has swallowed that.

    A client that is being closed waits for its own cancelled tasks and swallows the cancellation
    of its caller as one of theirs: the caller's task would run on.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


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
