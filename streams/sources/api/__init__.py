"""Section `[api]` of a mapping file: how a CRM's records are read and those changed are listed."""

from streams.sources.api.layout import Api, ListCall, Login, Pages, ReadCall
from streams.sources.api.parse import parse

__all__ = ["Api", "ListCall", "Login", "Pages", "ReadCall", "parse"]
