"""Signs a sample of a source as its sender would, and posts it to the gateway."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType

import aiohttp
from yarl import URL

from streams.config.declaration import BadSetting
from streams.config.settings import PREFIX, Settings
from streams.gateway.webhooks.endpoints import Endpoint, endpoints, variable_of
from streams.sources.auth import CannotSign, Refusal, sign
from streams.sources.delivery import Webhook
from streams.sources.loading import sources

ANSWER_SECONDS = 10.0
ANSWER_LENGTH = 500
# By the ending of a sample's name.
MEDIA_TYPES = MappingProxyType(
    {"json": "application/json", "txt": "application/x-www-form-urlencoded", "xml": "text/xml"}
)


class CannotSend(Exception):
    """A sample that cannot be sent; the message gives the reason and the remedy."""


@dataclass(frozen=True)
class Sample:
    """The body of a request, and its media type."""

    body: bytes
    media_type: str


@dataclass(frozen=True)
class Answer:
    """What the gateway answered."""

    url: str
    status: int
    text: str


def shipped_sample(source: str) -> Sample:
    """Return the sample that is shipped for a source. Raises CannotSend if there is none."""
    folder = resources.files("streams.sources") / "files" / "samples"
    for ending in MEDIA_TYPES:
        file = folder / f"{source}.{ending}"
        if file.is_file():
            return sample(file)
    raise CannotSend(f"no sample of {source} is shipped: give a file with --file")


def sample(file: Traversable) -> Sample:
    """Read a sample; the ending of its name decides the media type, JSON if it is unknown."""
    ending = file.name.rpartition(".")[2]
    return Sample(file.read_bytes(), MEDIA_TYPES.get(ending, MEDIA_TYPES["json"]))


def signed(
    settings: Settings,
    name: str,
    label: str,
    chosen: Sample,
    headers: Iterable[tuple[str, str]] = (),
) -> Webhook:
    """Return a request of a source with what its first scheme asks for.

    Raises CannotSend for a source that is off, and for one whose sender alone can sign.
    """
    endpoint = _endpoint(settings, name)
    webhook = Webhook(
        source=name,
        label=label,
        method=endpoint.source.delivery.methods[0],
        target=f"/webhooks/{name}{f'/{label}' if label else ''}",
        headers=(
            ("content-type", chosen.media_type),
            *((each.lower(), text) for each, text in headers),
        ),
        body=chosen.body,
        received=settings.clock(),
    )
    try:
        return sign(
            webhook,
            endpoint.source.recipe,
            endpoint.secrets[0],
            settings.public_url,
            webhook.received,
        )
    except (CannotSign, Refusal) as error:
        raise CannotSend(f"{name}: {error}") from error


async def post(webhook: Webhook, gateway: str) -> Answer:
    """Post a request to a gateway. Raises CannotSend if it cannot be reached."""
    # What was signed has to be sent exactly so, escapes included.
    url = URL(gateway.rstrip("/") + webhook.target, encoded=True)
    shown = gateway.rstrip("/") + webhook.target.partition("?")[0]
    limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.request(
                webhook.method, url, data=webhook.body, headers=webhook.headers
            ) as response,
        ):
            text = (await response.text(errors="replace"))[:ANSWER_LENGTH]
            return Answer(shown, response.status, text)
    except (TimeoutError, aiohttp.ClientError) as error:
        raise CannotSend(f"{shown} cannot be reached: {type(error).__name__}") from error


def _endpoint(settings: Settings, name: str) -> Endpoint:
    try:
        on = endpoints(settings)
    except BadSetting as error:
        raise CannotSend(str(error)) from error
    if name in on:
        return on[name]
    known = sources(settings.sources)
    if name not in known:
        raise CannotSend(f"there is no source {name!r}; known: {', '.join(sorted(known))}")
    variable = f"{PREFIX}SECRET_{variable_of(name).upper()}"
    raise CannotSend(f"{name} is off: set {variable} here and for the gateway")
