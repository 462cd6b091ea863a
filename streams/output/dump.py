"""The latest records of `sales.kpis` as lines of JSON."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import orjson

from streams.config.declaration import BadSetting
from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.engine.catalogue.catalogue import Catalogue
from streams.output.keys import (
    ALL,
    WINDOWS,
    RecordKey,
    parse_key,
)
from streams.output.reader import read
from streams.wiring.catalogue import NO_RULES, catalogue


async def dump(
    settings: Settings,
    *,
    rules: Rules = NO_RULES,
    kpi: str | None = None,
    window: str | None = None,
    scope: str | None = None,
    follow: bool = False,
) -> AsyncGenerator[bytes, None]:
    """Yield each record, bytes exactly as published and sorted by key, without line ends.

    `kpi`, `window` and `scope` (`all` or `rep=ann`) select records; one that can match nothing
    raises BadSetting. With `follow` every later change is yielded too, without end; a deleted
    record is then `{"kpi","scope","window","start","tombstone":true}`. Raises what `read` raises.
    """
    is_selected = selection(catalogue(settings, rules), kpi, window, scope)
    latest: dict[str, bytes] | None = {}
    async with aclosing(read(settings)) as batches:
        async for batch in batches:
            for key, record in batch.records:
                if not is_selected(parse_key(key)):
                    continue
                if latest is None:
                    yield tombstone(key) if record is None else record
                elif record is None:
                    latest.pop(key, None)
                else:
                    latest[key] = record
            if latest is not None and batch.is_caught_up:
                for key in sorted(latest):
                    yield latest[key]
                if not follow:
                    return
                latest = None


def selection(
    found: Catalogue, kpi: str | None, window: str | None, scope: str | None
) -> Callable[[RecordKey], bool]:
    """Return the filter of records; None matches any. Raises BadSetting for what cannot exist."""
    kpis = {known.name: known for known in found.published}
    if kpi is not None and kpi not in kpis:
        is_declared = any(kpi == known.name for known in found.declared)
        problem = f"KPI {kpi!r} is not chosen" if is_declared else f"there is no KPI {kpi!r}"
        raise BadSetting(f"{problem}; known: {', '.join(sorted(kpis))}")
    if window is not None and window not in found.windows:
        is_known = window in WINDOWS
        problem = (
            f"window {window!r} is not chosen" if is_known else f"there is no window {window!r}"
        )
        raise BadSetting(f"{problem}; known: {', '.join(found.windows)}")
    if scope is not None and scope != ALL:
        dimension, _, value = scope.partition("=")
        selected = kpis.values() if kpi is None else (kpis[kpi],)
        dimensions = sorted({name for each in selected for name in each.scopes})
        if not value or dimension not in dimensions:
            raise BadSetting(
                f"there is no scope {scope!r}; try all, or one of"
                f" {', '.join(f'{name}=...' for name in dimensions) or 'none other'}"
            )
    return lambda at: (
        (kpi is None or at.kpi == kpi)
        and (window is None or at.window == window)
        and (scope is None or at.scope == scope)
    )


def tombstone(key: str) -> bytes:
    """Return the line for a record that was deleted."""
    at = parse_key(key)
    scope = {} if at.dimension == ALL else {at.dimension: at.value}
    return orjson.dumps(
        {
            "kpi": at.kpi,
            "scope": scope,
            "window": at.window,
            "start": at.start,
            "tombstone": True,
        }
    )
