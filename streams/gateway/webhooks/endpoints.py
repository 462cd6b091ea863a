"""The sources that are set up: those with a mapping file and a secret."""

import re
from collections.abc import Mapping

from streams.config.declaration import BadSetting
from streams.config.settings import PREFIX, Settings
from streams.gateway.webhooks.rate_limit import RateLimit
from streams.sources.auth import Recipe
from streams.sources.loading import sources
from streams.sources.source import Source

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Endpoint:
    """One source and the secrets of the settings; any one of them verifies a request."""

    def __init__(
        self, source: Source, recipe: Recipe, secrets: tuple[str, ...], rate: float
    ) -> None:
        self.source = source
        self.recipe = recipe
        self.secrets = secrets
        self.limit = RateLimit(rate)

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.source.name

    @property
    def is_repeated(self) -> bool:
        """Whether the sender repeats for long what it is asked to send again."""
        return self.source.delivery.retries == "many"


def endpoints(settings: Settings) -> Mapping[str, Endpoint]:
    """Return the endpoint of every source that is set up, by its name.

    Raises BadSetting for a mapping file with a mistake, a secret of a source that does not exist,
    a secret that no request could be verified with, and a signed address that is not known.
    """
    if not settings.secrets:
        return {}
    known = sources(settings.sources)
    names = {variable_of(name): name for name in known}
    found = {}
    for name, secrets in settings.secrets.items():
        variable = f"{PREFIX}SECRET_{name.upper()}"
        if name not in names:
            raise BadSetting(f"{variable}: there is no such source; known: {', '.join(known)}")
        source = known[names[name]]
        if not source.recipe.schemes:
            raise BadSetting(f"{variable}: {source.name} sends no webhooks; its file has no [auth]")
        if wrong := source.recipe.unusable(secrets):
            raise BadSetting(f"{variable}: {wrong}")
        if source.recipe.needs_address and not settings.public_url:
            raise BadSetting(
                f"{variable}: {source.title} signs the address that it calls, which is not known;"
                f" set {PREFIX}PUBLIC_URL, such as https://crm.example.com"
            )
        found[source.name] = Endpoint(source, source.recipe, secrets, settings.webhook_rate)
    return found


def variable_of(source: str) -> str:
    """Return a source's name as the names of its variables end, in small letters."""
    return re.sub(r"[^a-z0-9]", "_", source.lower())
