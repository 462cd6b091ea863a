"""Who may send: whoever has the token."""

import hmac
import ipaddress
import re
from collections.abc import Sequence

from streams.config.declaration import BadSetting
from streams.config.settings import PREFIX

TOKEN_BYTES = 24
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class Token:
    """The secrets that open the gateway: several at once while one takes over from another."""

    def __init__(self, setting: str) -> None:
        """Read the setting: tokens with commas between them, or none. Raises BadSetting."""
        self._accepted = [token.encode() for token in setting.split(",")] if setting else []
        for token in self._accepted:
            if len(token) < TOKEN_BYTES or not _TOKEN.fullmatch(token.decode()):
                raise BadSetting(
                    f"{PREFIX}TOKEN must be {TOKEN_BYTES} or more of A-Z a-z 0-9 . _ ~ + / -,"
                    " several with commas between; try: openssl rand -hex 24"
                )

    @property
    def is_open(self) -> bool:
        """Whether anyone may send."""
        return not self._accepted

    def guard(self, host: str) -> None:
        """Refuse to be open where others than this machine could send. Raises BadSetting."""
        if self.is_open and not is_loopback(host):
            raise BadSetting(
                f"{PREFIX}TOKEN is not set, and {host} is open to other machines:"
                " set it, or listen on 127.0.0.1"
            )

    def admits(self, authorization: Sequence[str]) -> bool:
        """Say whether these `Authorization` headers are one, and it carries a token.

        Takes the same time for any wrong token of the same length.
        """
        if self.is_open:
            return True
        if len(authorization) != 1:
            return False
        scheme, _, credentials = authorization[0].partition(" ")
        given = credentials.strip(" ").encode(errors="surrogateescape")
        # All are compared, so that the time does not tell which one was close.
        matches = [hmac.compare_digest(given, token) for token in self._accepted]
        return scheme.lower() == "bearer" and any(matches)


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
