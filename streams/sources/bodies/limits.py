"""Bounds of a body, so that no request costs more memory or time than its bytes."""

PAIRS = 5_000
LEVELS = 8
# A greater number in brackets is a name, not a place in a list.
LAST_INDEX = 999
ITEMS = 10_000
# Fields of all items of a request together, those copied into each counted in each.
COPIED_FIELDS = 500_000
XML_ELEMENTS = 50_000
XML_LEVELS = 32


class BadBody(ValueError):
    """A body that cannot be taken apart; the message is the reason."""
