"""Decides who a request is from: by token, by session, or by the header of a trusted proxy."""

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from streams.config.declaration import BadSetting
from streams.config.rules.page import PageAccess, PageRules, TrustedProxy
from streams.config.setting_kinds import TOKEN, TOKEN_LENGTH
from streams.gateway.auth import is_loopback
from streams.page.access.sessions import Sessions
from streams.page.access.viewer import UNLIMITED, Viewer

# Names by which a browser on this machine reaches it. Another name that leads here is another
# site's, which would read the page with the visitor's browser.
LOOPBACK_NAMES = frozenset(["localhost", "127.0.0.1", "::1"])


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request presents: repeated headers stay apart.

    Attributes:
        peer: The address that the connection comes from.
        authorization: Values of the header `Authorization`.
        user_headers: Values of the trusted proxy's header, whoever has sent them.
        session: The value of the session cookie.
    """

    peer: str | None
    authorization: Sequence[str] = ()
    user_headers: Sequence[str] = ()
    session: str | None = None


class Doorkeeper:
    """Knows the access rules; `sessions` are those of browsers that have logged in."""

    def __init__(self, rules: PageRules) -> None:
        """Read the token files. Raises BadSetting for one that cannot be used."""
        self.sessions = Sessions()
        self.is_open = not rules.access
        self._proxy: TrustedProxy | None = rules.proxy
        self._viewers: dict[bytes, Viewer] = {}
        self._users: dict[str, Viewer] = {}
        for rule in rules.access:
            scopes = None if rule.scopes is None else frozenset(rule.scopes)
            viewer = Viewer(scopes, sets_targets=rule.sets_targets)
            self._users.update(dict.fromkeys(rule.users, viewer))
            if rule.token_file is not None:
                digest = _digest(read_token(rule))
                if digest in self._viewers:
                    raise BadSetting(
                        f"{rule.token_file} has the token of another rule: give each its own"
                    )
                self._viewers[digest] = viewer

    @property
    def has_tokens(self) -> bool:
        """Whether one can log in with a token."""
        return bool(self._viewers)

    @property
    def user_header(self) -> str | None:
        """The header in which a trusted proxy names the user."""
        return None if self._proxy is None else self._proxy.header

    def guard(self, host: str) -> None:
        """Raise BadSetting if there are no rules and other machines could look."""
        if self.is_open and not is_loopback(host):
            raise BadSetting(
                f"there is no [[page.access]] in the rules file, and {host} is open to other"
                " machines: write who may look, or listen on 127.0.0.1"
            )

    def viewer(self, shown: Credentials) -> Viewer | None:
        """Return who a request is from; None for a stranger.

        A token that is presented decides alone: one that is wrong is not made up for by a cookie.
        """
        if self.is_open:
            return UNLIMITED
        if shown.authorization:
            return self._by_bearer(shown.authorization)
        if self.is_from_proxy(shown.peer) and shown.user_headers:
            if len(shown.user_headers) != 1:
                return None
            return self._users.get(shown.user_headers[0].strip())
        return self.sessions.viewer(shown.session) if shown.session else None

    def by_token(self, token: str) -> Viewer | None:
        """Return whose token this is; needs the same time for any wrong one."""
        presented = _digest(token)
        found = None
        for digest, viewer in self._viewers.items():
            if hmac.compare_digest(digest, presented):
                found = viewer
        return found

    def is_from_proxy(self, peer: str | None) -> bool:
        """Return whether a connection comes from the trusted proxy."""
        if self._proxy is None or peer is None:
            return False
        try:
            address = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self._proxy.networks)

    def _by_bearer(self, authorization: Sequence[str]) -> Viewer | None:
        if len(authorization) != 1:
            return None
        scheme, _, token = authorization[0].partition(" ")
        return self.by_token(token.strip(" ")) if scheme.lower() == "bearer" else None


def read_token(rule: PageAccess) -> str:
    """Read the token of a rule, without blanks around it. Raises BadSetting, and never shows it."""
    try:
        token = rule.token_file.read_text("utf-8").strip() if rule.token_file else ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise BadSetting(f"page.access token_file {rule.token_file}: {reason}") from error
    if len(token) < TOKEN_LENGTH or not TOKEN.fullmatch(token):
        raise BadSetting(
            f"page.access token_file {rule.token_file}: the token must be {TOKEN_LENGTH} or more"
            " of A-Z a-z 0-9 . _ ~ + / -; try: openssl rand -hex 24"
        )
    return token


def is_loopback_name(host_header: str) -> bool:
    """Return whether a `Host` header names this machine, with a port or without."""
    name = host_header.strip().lower()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    return name in LOOPBACK_NAMES


def _digest(token: str) -> bytes:
    """Give a token's hash: all are of one length, and comparing them reveals nothing."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
