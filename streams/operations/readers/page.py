"""The page: whether it answers on this machine."""

import aiohttp

from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.operations.findings import Finding

TIMEOUT = aiohttp.ClientTimeout(total=3.0)


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
    url = f"http://127.0.0.1:{settings.page_port}/readyz"
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            content = await answer.json(content_type=None)
    except TimeoutError:
        return f"no answer within {TIMEOUT.total:.0f} s"
    except (aiohttp.ClientError, ValueError):
        return None
    if content == {"status": "ok"}:
        return ""
    # Another program may have the port.
    return str(content["reason"]) if isinstance(content, dict) and "reason" in content else None
