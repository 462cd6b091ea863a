"""Bodies of requests, taken apart into items: JSON, forms, XML."""

from streams.sources.bodies.items import items
from streams.sources.bodies.layout import FORMATS, Layout
from streams.sources.bodies.limits import BadBody
from streams.sources.bodies.reading import record_read

__all__ = ["FORMATS", "BadBody", "Layout", "items", "record_read"]
