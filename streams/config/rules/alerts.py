"""The tables `[alerts.<kind>]`: when a kind of alert is raised, or that it is not."""

from dataclasses import fields, replace
from typing import Any

from streams.alerts import AlertRules
from streams.config.rules.table import Table
from streams.engine.catalogue.alert import Rule


def parse(table: Table) -> AlertRules:
    """Read the table of tables. Raises BadSetting for what cannot be used.

    Every threshold of a kind is a key of its table, a length of time without its `_ms`, a text a
    share from 0 to 1;
    `enabled = false` switches the kind off.
    """
    usual = AlertRules()
    found: dict[str, Any] = {
        kind.name: _rule(table.table(kind.name), getattr(usual, kind.name))
        for kind in fields(AlertRules)
        if table.has(kind.name)
    }
    table.finish()
    return replace(usual, **found)


def _rule(table: Table, usual: Rule) -> Rule | None:
    is_on = table.flag("enabled", True)
    given: dict[str, Any] = {}
    for threshold in fields(usual):
        name = threshold.name
        key = name.removesuffix("_ms")
        if not table.has(key):
            continue
        if key != name:
            given[name] = table.duration(key)
        elif isinstance(getattr(usual, name), str):
            given[name] = table.share(key)
        else:
            given[name] = table.number(key, low=1)
    table.finish()
    return replace(usual, **given) if is_on else None
