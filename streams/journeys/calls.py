"""Calls, as the KPIs read them."""

from msgspec import Struct

from streams.engine.catalogue import Dimensions


class Call(Struct, frozen=True, gc=False):
    """A call that ended."""

    at: int
    is_outbound: bool
    is_connected: bool
    is_cold: bool
    dimensions: Dimensions
