"""JSON with exact numbers: a fraction is a Decimal, never a binary float."""

from decimal import Decimal
from typing import Any

import msgspec

from streams.sources.bodies.limits import BadBody

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(order="sorted", decimal_format="number")


def parsed(text: bytes | str) -> Any:
    """Parse a JSON text. Raises BadBody."""
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, ArithmeticError, ValueError) as error:
        raise BadBody(f"not JSON: {error}") from error
    except RecursionError as error:
        raise BadBody("not JSON: nested too deep") from error


def written(value: Any) -> bytes:
    """Write a value as JSON with sorted names; numbers keep their digits."""
    return _encoder.encode(value)
