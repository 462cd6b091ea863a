"""Signing of a request as its sender would: for samples, the demo and tests."""

from streams.sources.auth.recipe import Recipe
from streams.sources.delivery import Webhook


def sign(webhook: Webhook, recipe: Recipe, secret: str, public_url: str, now: int) -> Webhook:
    """Give the request with what the first scheme of its recipe asks for.

    Where senders have a private key, the secret is that. Raises CannotSign for a public key, and
    Refusal for a secret that cannot be used.
    """
    return recipe.schemes[0].sign(webhook, secret, public_url, now)
