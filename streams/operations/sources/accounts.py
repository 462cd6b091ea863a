"""Accounts of sources, and which token of the settings is an account's."""

from typing import NamedTuple

from streams.config.settings import Settings


class Account(NamedTuple):
    """One account of a source: what follows the source in the address of its webhooks, or ""."""

    source: str
    label: str

    def __str__(self) -> str:
        """Write it as in addresses."""
        return f"{self.source}/{self.label}" if self.label else self.source

    @classmethod
    def read(cls, written: str) -> "Account":
        """Read what `str` wrote."""
        source, _, label = written.partition("/")
        return cls(source, label)


def token_variable(account: Account) -> str:
    """Return the name of the setting of an account's token."""
    return f"API_TOKEN_{_name(str(account)).upper()}"


def token_of(settings: Settings, account: Account) -> str:
    """Return the token of an account's API: its own, or its source's; empty where there is none.

    `API_TOKEN_HUBSPOT_EU` is that of `hubspot/eu`.
    """
    tokens = settings.api_tokens
    return tokens.get(_name(str(account)), "") or tokens.get(_name(account.source), "")


def _name(text: str) -> str:
    return text.replace("-", "_").replace("/", "_").lower()
