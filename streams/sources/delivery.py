"""Requests of a source: as they come to the gateway, and as the inbox keeps them."""

from collections.abc import Mapping
from typing import NamedTuple


class Webhook(NamedTuple):
    """One HTTP request of a source, as it was received: all that may be signed.

    Attributes:
        source: The name of the source in the address.
        label: What follows the source in the address, to tell accounts of one CRM apart, or "".
        method: The method in capitals.
        target: Path and query, in the order and with the escapes that were sent.
        headers: Names in lower case, in the order they came.
        body: The bytes of the body, decompressed.
        received: When it came, in milliseconds since the epoch.
    """

    source: str
    label: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    received: int


class Delivery(NamedTuple):
    """One verified request, as far as it is kept: without credentials.

    Attributes:
        source: The name of the source.
        label: The account of the source, or "".
        query: The parameters of the address; of a repeated one the first.
        headers: The kept headers, by name in lower case.
        body: The bytes of the body, without live tokens.
        received: When it came, in milliseconds since the epoch.
    """

    source: str
    label: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    received: int
