"""Authentication of senders by bearer token."""

import hmac
import ipaddress
from collections.abc import Sequence

from streams.config.declaration import BadSetting
from streams.config.settings import PREFIX


class Token:
    """The accepted bearer tokens: several at once while one replaces another.

    `setting` holds them with commas between them, or none.
    """

    def __init__(self, setting: str) -> None:
        self._accepted = [token.encode() for token in setting.split(",")] if setting else []

    @property
    def is_open(self) -> bool:
        """Whether no token is required."""
        return not self._accepted

    def guard(self, host: str) -> None:
        """Raise BadSetting if no token is required and other machines could send."""
        if self.is_open and not is_loopback(host):
            raise BadSetting(
                f"{PREFIX}TOKEN is not set, and {host} is open to other machines:"
                " set it, or listen on 127.0.0.1"
            )

    def admits(self, authorization: Sequence[str]) -> bool:
        """Return whether there is exactly one `Authorization` header, with an accepted token.

        Needs the same time for any wrong token of the same length.
        """
        if self.is_open:
            return True
        if len(authorization) != 1:
            return False
        scheme, _, credentials = authorization[0].partition(" ")
        presented = credentials.strip(" ").encode(errors="surrogateescape")
        # All are compared, so that the time does not reveal which one was close.
        matches = [hmac.compare_digest(presented, token) for token in self._accepted]
        return scheme.lower() == "bearer" and any(matches)


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
