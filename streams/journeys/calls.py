"""Calls, as the KPIs read them."""

from typing import NamedTuple

from streams.engine.catalogue import Dimensions


class Call(NamedTuple):
    """A call that ended."""

    at: int
    is_outbound: bool
    is_connected: bool
    is_cold: bool
    dimensions: Dimensions
