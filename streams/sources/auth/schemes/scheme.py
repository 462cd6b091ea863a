"""What every scheme of verification does."""

from abc import ABC, abstractmethod

from streams.sources.auth import keys
from streams.sources.auth.outcome import Verified
from streams.sources.auth.request import Request
from streams.sources.delivery import Webhook


class Scheme(ABC):
    """One way in which a sender proves that it knows a secret."""

    __slots__ = ()

    @abstractmethod
    def verify(self, request: Request, secrets: tuple[str, ...]) -> Verified:
        """Verify a request with any of the secrets. Raises Refusal."""

    @abstractmethod
    def sign(self, webhook: Webhook, secret: str, public_url: str, now: int) -> Webhook:
        """Give the request as its sender would send it. Raises CannotSign or Refusal."""

    def check(self, secret: str) -> None:
        """Raise Refusal for a secret that no request could be verified with: an empty one."""
        keys.key_bytes(secret, "text")

    @property
    def credentials(self) -> tuple[str, ...]:
        """Parameters of the address that are secret, by name."""
        return ()

    @property
    def has_address(self) -> bool:
        """Whether the public address is part of what is verified."""
        return False
