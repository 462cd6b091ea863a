"""When the simulated company posts again, and when it gives up."""

from http import HTTPStatus

import aiohttp

POST_TIMEOUT = aiohttp.ClientTimeout(total=15)
FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 5.0
RETRIED = frozenset(
    (
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    )
)


class RequestRefused(Exception):
    """The gateway refuses a request for good; the message holds its answer."""


def pause_s(failed: int) -> float:
    """Return the seconds to wait after so many failed posts."""
    return min(FIRST_WAIT_SECONDS * 2.0 ** min(failed - 1, 10), LONGEST_WAIT_SECONDS)
