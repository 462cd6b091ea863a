"""When the next request may be made: rate limit, Retry-After and growing pauses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

FIRST_PAUSE_MS = 1_000
LONGEST_PAUSE_MS = 15 * 60_000
# A server that asks for more is asked again all the same.
LONGEST_RETRY_AFTER_MS = 3_600_000
SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
# It is not the request's fault: too early, a token that expired, too many, or the server.
LATER = frozenset({401, 403, 408, 423, 425, 429})
FIRST_SERVER_ERROR = 500


@dataclass
class Pace:
    """The rate limit of one account: requests have this time between them."""

    interval_ms: int
    next_at: int = 0

    def reserve(self, now: int) -> int:
        """Take the next free instant; return how long to wait for it, in milliseconds."""
        at = max(now, self.next_at)
        self.next_at = at + self.interval_ms
        return at - now

    def hold(self, until: int) -> None:
        """Let no request be made before an instant."""
        self.next_at = max(self.next_at, until)


def pause(tries: int, asked_ms: int | None) -> int:
    """Return how long to wait after so many tries that failed: what was asked for, or longer."""
    grown = min(FIRST_PAUSE_MS << min(tries - 1, 30), LONGEST_PAUSE_MS)
    return grown if asked_ms is None else max(asked_ms, min(grown, FIRST_PAUSE_MS))


def retry_after(headers: Mapping[str, str], now: int) -> int | None:
    """Return what the header Retry-After asks for, in milliseconds; None without a readable one."""
    written = headers.get("retry-after", "").strip()
    if SECONDS.fullmatch(written):
        return min(int(float(written) * 1000), LONGEST_RETRY_AFTER_MS)
    try:
        until = int(parsedate_to_datetime(written).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return min(max(until - now, 0), LONGEST_RETRY_AFTER_MS)


def is_later(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status in LATER or status >= FIRST_SERVER_ERROR
