"""The tables `[alerts.<kind>]`: the thresholds of a kind of alert, or that it is disabled."""

from dataclasses import fields, replace
from typing import Any

from streams.alerts import AlertRules
from streams.config.rules.table import Table
from streams.engine.catalogue.alert import Rule


def parse(table: Table) -> AlertRules:
    """Read the table of tables. Raises BadSetting for an invalid rule.

    Every threshold of a kind is a key of its table: a duration without its `_ms`, a share from 0
    to 1, or a number. `enabled = false` disables the kind.
    """
    defaults = AlertRules()
    found: dict[str, Any] = {
        kind.name: _rule(table.table(kind.name), getattr(defaults, kind.name))
        for kind in fields(AlertRules)
        if table.has(kind.name)
    }
    table.finish()
    return replace(defaults, **found)


def _rule(table: Table, defaults: Rule) -> Rule | None:
    is_on = table.flag("enabled", True)
    changed: dict[str, Any] = {}
    for threshold in fields(defaults):
        name = threshold.name
        key = name.removesuffix("_ms")
        if not table.has(key):
            continue
        if key != name:
            changed[name] = table.duration(key)
        elif isinstance(getattr(defaults, name), str):
            changed[name] = table.share(key)
        else:
            changed[name] = table.number(key, low=1)
    table.finish()
    return replace(defaults, **changed) if is_on else None
