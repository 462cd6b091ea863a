"""Verification of a request by the recipe of its source."""

from streams.sources.auth.outcome import Refusal, Refused, Verified
from streams.sources.auth.recipe import Recipe
from streams.sources.auth.request import Request
from streams.sources.delivery import Webhook


def verify(
    webhook: Webhook, recipe: Recipe, secrets: tuple[str, ...], public_url: str, now: int
) -> Refused | Verified:
    """Verify a request with any of the source's secrets; nothing is raised.

    Of several schemes, the refusal given back is that of the first whose signature or token
    the request has. `now` is in milliseconds since the epoch; `public_url` is the address under
    which senders reach the root of this gateway, as the settings have it.
    """
    try:
        request = Request(webhook, public_url, now)
        return _verified(request, recipe, secrets)
    except Refusal as refusal:
        return refusal.refused
    # Whoever sends what breaks a library must learn no more from it than that it is refused.
    except Exception as error:  # noqa: BLE001
        return Refused("error", f"{type(error).__name__} while verifying")


def _verified(request: Request, recipe: Recipe, secrets: tuple[str, ...]) -> Refused | Verified:
    refused: list[Refused] = []
    for scheme in recipe.schemes:
        try:
            verified = scheme.verify(request, secrets)
        except Refusal as refusal:
            refused.append(refusal.refused)
            continue
        for only in recipe.only:
            only.check(request)
        return verified
    return next((each for each in refused if each.kind != "missing"), refused[0])
