"""Vectors by KPI as bytes, for what is kept and seldom read: a sixth of the memory."""

import msgspec

from streams.engine.algebra.measures import Grouped

_encode = msgspec.msgpack.Encoder().encode
# Not strict, because numbers past 64 bits are texts.
_decode = msgspec.msgpack.Decoder(Grouped, strict=False).decode


def pack(vectors: Grouped) -> bytes:
    """Pack vectors, for `unpack`."""
    try:
        return _encode(vectors)
    except OverflowError:
        texts = {kpi: {name: str(n) for name, n in each.items()} for kpi, each in vectors.items()}
        return _encode(texts)


def unpack(packed: bytes) -> Grouped:
    """Give new vectors, equal to those that were packed."""
    return _decode(packed)
