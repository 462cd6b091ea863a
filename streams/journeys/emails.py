"""Emails with what came of them."""

from msgspec import Struct

from streams.engine.catalogue import Dimensions


class Email(Struct, frozen=True, gc=False):
    """An email that was sent, and the instants at which its links were followed."""

    at: int
    links: int
    is_automated: bool
    clicks: tuple[int, ...]
    dimensions: Dimensions
