"""The alerts: one module per question, declarations only."""

from dataclasses import replace

from streams.alerts import (
    accounts,
    deals,
    invoices,
    leads,
)
from streams.alerts.thresholds import AlertRules
from streams.engine.catalogue.alert import Watched, declared_alerts
from streams.engine.merge.target_alerts import KIND as OFF_PACE
from streams.engine.merge.target_alerts import TEXT as OFF_PACE_TEXT

# Importing a module declares its alerts; a new one is named here and nowhere else.
FILES = (leads, deals, invoices, accounts)

# Every kind with its text; the last, about targets, is raised by the merger.
ALERTS = (
    *sorted((kind.name, kind.text) for kind in declared_alerts()),
    (OFF_PACE, OFF_PACE_TEXT),
)
KINDS = tuple(name for name, _ in ALERTS)

__all__ = ["ALERTS", "FILES", "KINDS", "AlertRules", "watched"]


def watched(rules: AlertRules, stale_ms: int) -> tuple[Watched, ...]:
    """Give the alerts that entities raise, each with its rule, without disabled ones.

    A deal is stale after `stale_ms` unless the rules set another time.
    """
    stale = rules.opportunity_stale
    if stale is not None and stale.after_ms is None:
        rules = replace(rules, opportunity_stale=replace(stale, after_ms=stale_ms))
    found = ((kind, getattr(rules, kind.name)) for kind in declared_alerts())
    return tuple((kind, rule) for kind, rule in found if rule is not None)
