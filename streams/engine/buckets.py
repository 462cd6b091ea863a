"""Signed log-bucket counts: percentiles within 1 %, from integers alone.

Magnitudes below 128 have a bucket each. Above, every power of two is cut into 64 equal
parts, so a bucket's middle is at most 1/128 of the value away.
"""

_BITS = 6
_EXACT = 2 << _BITS


def bucket(value: int) -> int:
    """Give the bucket of a value; buckets are ordered as their values are."""
    size = abs(value)
    if size >= _EXACT:
        shift = size.bit_length() - _BITS - 1
        size = (shift << _BITS) + (size >> shift)
    return size if value >= 0 else -size


def middle(index: int) -> int:
    """Give the value that stands for a bucket."""
    size = abs(index)
    if size >= _EXACT:
        shift = (size >> _BITS) - 1
        low = (size - (shift << _BITS)) << shift
        size = low + ((1 << shift) - 1) // 2
    return size if index >= 0 else -size
