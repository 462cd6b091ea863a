"""How a source's requests are verified, answered and signed, by the recipe of its mapping file."""

from streams.sources.auth.delivery_rules import DeliveryRules, delivery_rules
from streams.sources.auth.handshakes import Answer, Handshake, handshake, read_handshakes
from streams.sources.auth.outcome import CannotSign, Refusal, Refused, Verified
from streams.sources.auth.recipe import Recipe, recipe
from streams.sources.auth.signing import sign
from streams.sources.auth.stripping import strip
from streams.sources.auth.verify import verify

__all__ = [
    "Answer",
    "CannotSign",
    "DeliveryRules",
    "Handshake",
    "Recipe",
    "Refusal",
    "Refused",
    "Verified",
    "delivery_rules",
    "handshake",
    "read_handshakes",
    "recipe",
    "sign",
    "strip",
    "verify",
]
