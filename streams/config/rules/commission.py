"""The tables `[[commission]]`: what sales people are paid for the value of a KPI."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NoReturn

from streams.config.rules.table import Table, nearest
from streams.engine.catalogue.dimensions import ROLLED_UP
from streams.engine.catalogue.kpi import Kpi
from streams.engine.plans.commission import (
    Accelerator,
    CommissionRule,
    Tier,
)

WINDOWS = ("day", "week", "month", "quarter", "year")
# A rep's pay is computed on the partitions of the reps' values, which hold those of groups, too.
SCOPES = ("rep", *ROLLED_UP)


def parse(tables: Iterable[Table], kpis: Iterable[Kpi]) -> tuple[CommissionRule, ...]:
    """Read the rules, in the order of the file. Raises BadSetting for an invalid rule.

    `kpis` are the declared ones; a rule may name none that is hidden, and none that is derived.
    """
    known = {kpi.name: kpi for kpi in kpis if not kpi.is_hidden}
    rules: dict[str, CommissionRule] = {}
    for table in tables:
        rule = _rule(table, known)
        if rule.name in rules:
            table.reject("name", f'is "{rule.name}" twice', "give each rule a name of its own")
        rules[rule.name] = rule
    return tuple(rules.values())


def _rule(table: Table, known: Mapping[str, Kpi]) -> CommissionRule:
    scope = _scope(table)
    kpi = table.text("kpi")
    if kpi not in known:
        table.reject("kpi", f'is "{kpi}"', f"name a KPI of the catalogue{nearest(kpi, known)}")
    dimension = scope[0] if scope else "rep"
    if dimension not in known[kpi].scopes:
        paid_for = [name for name, other in known.items() if dimension in other.scopes]
        table.reject(
            "kpi",
            f'is "{kpi}", which has no value by {dimension}',
            f"name one that has, such as {', '.join(sorted(paid_for)[:3])}",
        )
    rule = CommissionRule(
        name=table.text("name"),
        kpi=kpi,
        window=table.choice("window", WINDOWS),
        tiers=_tiers(table),
        accelerators=_accelerators(table),
        cap=Fraction(table.decimal("cap", low="0")) if table.has("cap") else None,
        reps=_reps(table, scope),
        scope=scope,
        splits=_splits(table, scope),
    )
    table.finish()
    return rule


def _scope(table: Table) -> tuple[str, str] | None:
    """Read `scope = { team = "south" }`."""
    if not table.has("scope"):
        return None
    inner = table.table("scope")
    names = inner.names()
    if len(names) != 1 or names[0] not in SCOPES:
        wanted = f'write one of {", ".join(SCOPES)} and its name, such as {{ team = "south" }}'
        table.reject("scope", f"names {', '.join(names) or 'nothing'}", wanted)
    return names[0], inner.text(names[0])


def _tiers(table: Table) -> tuple[Tier, ...]:
    """Read `rate`, or else `tiers`, each from where the one before ends."""
    has_rate, has_tiers = table.has("rate"), table.has("tiers")
    if has_rate and has_tiers:
        table.reject("rate", "stands beside tiers", "leave one of the two out")
    if not has_tiers:
        return (Tier(Fraction(), Fraction(table.decimal("rate", low="0"))),)
    tiers: list[Tier] = []
    for inner in table.tables("tiers"):
        start = Fraction(inner.decimal("from", low="0"))
        if tiers and start <= tiers[-1].start:
            _refuse_order(inner, "tier")
        tiers.append(Tier(start, Fraction(inner.decimal("rate", low="0"))))
        inner.finish()
    if not tiers:
        table.reject("tiers", "has none", "write at least one, or a rate")
    return tuple(tiers)


def _accelerators(table: Table) -> tuple[Accelerator, ...]:
    steps: list[Accelerator] = []
    for inner in table.tables("accelerators"):
        start = Fraction(inner.decimal("from", low="0"))
        if steps and start <= steps[-1].attainment:
            _refuse_order(inner, "accelerator")
        steps.append(Accelerator(start, Fraction(inner.decimal("times", low="0"))))
        inner.finish()
    return tuple(steps)


def _refuse_order(table: Table, kind: str) -> NoReturn:
    table.reject(
        "from",
        f"is not above that of the {kind} before it",
        f"put the {kind}s in ascending order, each from where the one before ends",
    )


def _reps(table: Table, scope: tuple[str, str] | None) -> frozenset[str] | None:
    if not table.has("reps"):
        return None
    if scope:
        table.reject("reps", "stands beside scope", "leave it out: splits names who is paid")
    reps = table.options("reps")
    if not reps:
        table.reject("reps", "names nobody", "leave it out to pay all reps")
    return frozenset(reps)


def _splits(table: Table, scope: tuple[str, str] | None) -> tuple[tuple[str, Fraction], ...]:
    """Read `splits = { ann = "0.6", bob = "0.4" }`."""
    if not scope:
        if table.has("splits"):
            table.reject(
                "splits",
                "has no scope beside it",
                'write whose value is shared, such as scope = { team = "south" }',
            )
        return ()
    if not table.has("splits"):
        table.reject(
            "scope",
            "has no splits beside it",
            'write who shares what it pays, such as splits = { ann = "0.6", bob = "0.4" }',
        )
    inner = table.table("splits")
    shares = tuple((rep, Fraction(inner.share(rep))) for rep in inner.names())
    total = sum(share for _, share in shares)
    if total != 1:
        table.reject("splits", f"adds up to {float(total):g}", "make its shares add up to 1")
    return shares
