"""The page: whether it answers on this machine."""

import asyncio
import json
from http.client import HTTPConnection, HTTPException

from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.operations.findings import Finding

TIMEOUT_SECONDS = 3.0


async def check_page(settings: Settings, rules: Rules) -> list[Finding]:
    """Check the page of this machine; nothing where none listens and no rule is about it."""
    answer = await readiness(settings)
    place = f"127.0.0.1:{settings.page_port}"
    if answer is None:
        if not rules.page.access:
            return []
        return [Finding(f"no page listens at {place}; it may be on another machine")]
    if answer:
        return [Finding(f"the page at {place} is not ready: {answer}", is_doubtful=True)]
    seen_by = "" if rules.page.access else ", for this machine alone: no rule says who may look"
    return [Finding(f"the page at {place} has read all that is published{seen_by}")]


async def readiness(settings: Settings) -> str | None:
    """Return why the page of this machine is not ready, empty if it is; None where none listens."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            content = json.loads(await asyncio.to_thread(_answer, settings.page_port))
    except TimeoutError:
        return f"no answer within {TIMEOUT_SECONDS:.0f} s"
    except (OSError, HTTPException, ValueError):
        return None
    if content == {"status": "ok"}:
        return ""
    # Another program may have the port.
    return str(content["reason"]) if isinstance(content, dict) and "reason" in content else None


def _answer(port: int) -> bytes:
    """What the page says; the client of the standard library costs no time to import."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().read()
    finally:
        connection.close()
