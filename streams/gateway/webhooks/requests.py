"""What a request of a source is: as it was received, and as far as it is kept."""

from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from streams.gateway.webhooks.endpoints import Endpoint
from streams.sources.auth import Verified, strip
from streams.sources.delivery import Delivery, Webhook


def webhook(request: web.Request, source: str, label: str, body: bytes, received: int) -> Webhook:
    """Return a request with all that may be signed."""
    target = request.raw_path
    if not target.startswith("/"):
        # A proxy may be asked with the whole address.
        parts = urlsplit(target)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = tuple((name.lower(), value) for name, value in request.headers.items())
    return Webhook(source, label, request.method, target, headers, body, received)


def delivery(found: Webhook, endpoint: Endpoint, verified: Verified) -> Delivery:
    """Return what is kept of a verified request: no credentials and no live tokens.

    Raises ValueError or RecursionError for a body whose tokens could not be removed.
    """
    recipe, rules = endpoint.recipe, endpoint.source.delivery
    query: dict[str, str] = {}
    pairs = parse_qsl(found.target.partition("?")[2], keep_blank_values=True)
    for name, value in pairs:
        if name not in recipe.hidden:
            query.setdefault(_text(name), _text(value))
    headers: dict[str, str] = {}
    for name, value in found.headers:
        if name in rules.keep:
            headers.setdefault(name, _text(value))
    return Delivery(
        source=found.source,
        label=found.label,
        query=query,
        headers={**headers, **{name: _text(text) for name, text in verified.kept.items()}},
        body=strip(found.body, rules.strip),
        received=found.received,
    )


def _text(value: str) -> str:
    """Return a text of a request line or header as valid Unicode."""
    return value.encode(errors="surrogateescape").decode(errors="replace")
