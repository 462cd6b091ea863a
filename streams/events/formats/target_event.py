"""A target as an event, made of what people write in a table or a form."""

import hashlib

import orjson

from streams.events.reference_records import TargetSet

ALL = "all"


def target_event(
    *, kpi: str, scope: str, window: str, value: str, at: str, start: str = ""
) -> bytes:
    """Write a `target.set`; nothing is checked here.

    `scope` is `all` or such as `rep=ann`, `at` from when it holds. Equal texts give equal bytes, so
    that a repetition is the same event.
    """
    dimension, _, name = scope.partition("=")
    fields: dict[str, object] = {
        "type": str(TargetSet.__struct_config__.tag),
        "at": at,
        "kpi": kpi,
        "scope": {} if scope == ALL else {dimension.strip(): name.strip()},
        "window": window,
        "value": value,
    }
    if start:
        fields["start"] = start
    content = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    return orjson.dumps({"id": f"target-{hashlib.sha256(content).hexdigest()[:32]}", **fields})
