"""Recipes of the shipped mapping files, and requests to verify with them."""

from functools import cache
from pathlib import Path

from streams.config.rules.table import Table, read_table
from streams.sources import auth
from streams.sources.delivery import Webhook

FILES = Path(auth.__file__).parents[1] / "files"
# Sources of files alone have no recipe.
NAMES = tuple(
    sorted(path.stem for path in FILES.glob("*.toml") if "[auth]" in path.read_text().splitlines())
)
# 2026-11-18T11:06:40Z.
NOW = 1_795_000_000_000
PUBLIC_URL = "https://hooks.example.com"
SECRET = "0123456789abcdef" * 2
BODY = '{"id":"7","amount":"1250.50","name":"é"}'.encode()


def file(name: str) -> Table:
    """Read the mapping file of a source."""
    return read_table((FILES / f"{name}.toml").read_text(), f"{name}.toml")


def recipe_of(text: str) -> auth.Recipe:
    """Read a recipe that is written out in a test: the keys of `[auth]` and what follows."""
    return auth.recipe(read_table(f"[auth]\n{text}", "own.toml").table("auth"))


@cache
def recipe(name: str) -> auth.Recipe:
    """Read the recipe of a source."""
    return auth.recipe(file(name).table("auth"))


def webhook(
    body: bytes = BODY, *, target: str = "/webhooks/acme", method: str = "POST", **headers: str
) -> Webhook:
    """Give a request; underscores in the names of headers stand for hyphens."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Webhook("acme", "", method, target, named, body, NOW)


def verify(
    request: Webhook,
    found: auth.Recipe,
    *secrets: str,
    now: int = NOW,
    public_url: str = PUBLIC_URL,
) -> auth.Verified | auth.Refused:
    """Verify a request, with the usual secret if none is given."""
    return auth.verify(request, found, secrets or (SECRET,), public_url, now)


def sign(request: Webhook, name: str, secret: str = SECRET, now: int = NOW) -> Webhook:
    """Sign a request as the sender of a shipped source does."""
    return auth.sign(request, recipe(name), secret, PUBLIC_URL, now)


def kind(outcome: auth.Verified | auth.Refused) -> str:
    """Give what a request was refused for, or `verified`."""
    return outcome.kind if isinstance(outcome, auth.Refused) else "verified"
