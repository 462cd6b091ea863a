"""Emails with what came of them."""

from typing import NamedTuple

from streams.engine.catalogue import Dimensions


class Email(NamedTuple):
    """An email that was sent, and the instants at which its links were followed."""

    at: int
    links: int
    is_automated: bool
    clicks: tuple[int, ...]
    dimensions: Dimensions
