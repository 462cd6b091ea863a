"""The scheme `mailgun`: time and a random token are signed, inside the body; the rest is not."""

from dataclasses import dataclass
from typing import NamedTuple

from streams.config.rules.table import Table
from streams.sources.auth import keys, times
from streams.sources.auth.outcome import Refusal, Verified
from streams.sources.auth.places import Place
from streams.sources.auth.request import Request
from streams.sources.auth.schemes.scheme import Scheme
from streams.sources.delivery import Webhook

# The account's own, then what a subaccount's webhooks have of the main account beside.
GROUPS = ("signature", "parent-signature")
NAMES = ("timestamp", "token", "signature")


@dataclass(frozen=True, slots=True)
class Mailgun(Scheme):
    """Fields of the body; each token counts once, for the body is not covered."""

    window: times.Window

    def verify(self, request: Request, secrets: tuple[str, ...]) -> Verified:
        """Verify a request with any of the secrets. Raises Refusal."""
        for found in _found(request):
            if keys.is_any(secrets, found.is_of):
                self.window.check(found.time, request.now)
                return Verified(keys.replay_key("mailgun", found.token.encode()))
        raise Refusal("mismatch", "signature of the body is not that of its time and token")

    def sign(self, webhook: Webhook, secret: str, public_url: str, now: int) -> Webhook:
        """Give the request with time, token and signature in its body."""
        time = times.written(now, "s")
        token = keys.replay_key("mailgun", webhook.body + time.encode())
        signature = _signature(secret, (time + token).encode())
        is_json = Request(webhook, public_url, now).is_json
        for name, value in zip(NAMES, (time, token, signature), strict=True):
            path = f"signature.{name}" if is_json else name
            webhook = Place("field", path).fill(webhook, value)
        return webhook


def read_mailgun(table: Table) -> Mailgun:
    """Read the scheme from a table of a recipe."""
    return Mailgun(times.window(table))


class _Signed(NamedTuple):
    time: str
    token: str
    signature: str

    def is_of(self, secret: str) -> bool:
        signed = (self.time + self.token).encode()
        return keys.is_equal(self.signature, _signature(secret, signed))


def _found(request: Request) -> list[_Signed]:
    """Give time, token and signature, of each group that is complete."""
    groups = [f"{group}." for group in GROUPS] if request.is_json else [""]
    found = [
        _Signed(time, token, signature)
        for group in groups
        if (time := request.field(group + NAMES[0]))
        and (token := request.field(group + NAMES[1]))
        and (signature := request.field(group + NAMES[2]))
    ]
    if not found:
        raise Refusal("missing", "signature of the body is missing")
    return found


def _signature(secret: str, signed: bytes) -> str:
    return keys.encoded(keys.mac(keys.key_bytes(secret, "text"), signed, "sha256"), "hex")
