"""What do sales people earn by it?"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from streams.engine.algebra.money import minor_digits
from streams.engine.catalogue.derived import (
    Derived,
    FormulaContext,
    KpiValue,
)
from streams.engine.catalogue.kpi import Kpi, declared
from streams.engine.plans.commission import (
    CommissionRule,
    Payout,
    payouts,
)

NAME = "commission"
TEXT = (
    "What a rep earns in the window by the rules of pay: rates and tiers of a KPI, more from a"
    " target on, up to a cap, a team's share.\n\n"
    "The parts show every step of every rule. Whatever changes what a deal counts for, changes"
    " this too: a win that is taken back takes its commission back."
)


def commission(rules: Sequence[CommissionRule], currency: str) -> Derived:
    """Give the commission under the rules; without rules it has no records."""
    pay = Pay(rules, currency)
    return Derived(
        NAME,
        "money",
        ("rep",),
        # Without rules there are no windows, and this ingredient is never read.
        pay.kpis or ("revenue_won",),
        (),
        pay.evaluate,
        TEXT,
        is_for_all=False,
        kinds=tuple(dict.fromkeys(rule.window for rule in rules)),
        targets=pay.kpis,
        affects=pay.paid_for,
        other_scopes=tuple(dict.fromkeys(rule.scope[0] for rule in rules if rule.scope)),
        exists=pay.exists,
        formula="sum over rules of share × min(cap, accelerator × sum of (rate × amount in tier))",
        source="the company's own rules of pay; tiers, accelerators, caps, splits: trade's terms",
    )


class Pay:
    """The formula of the commission; each evaluation is of one rep and one window."""

    def __init__(self, rules: Sequence[CommissionRule], currency: str) -> None:
        self.kpis = tuple(dict.fromkeys(rule.kpi for rule in rules))
        self._rules = rules
        self._currency = currency
        self._digits = minor_digits(currency)
        self._known = {kpi.name: kpi for kpi in declared()}
        self._paid: dict[str, tuple[str, ...]] = {}
        for rule in rules:
            if rule.scope:
                scope = "=".join(rule.scope)
                reps = tuple(f"rep={name}" for name, _ in rule.splits)
                self._paid[scope] = (*self._paid.get(scope, ()), *reps)

    def paid_for(self, scope: str) -> tuple[str, ...]:
        """Give the scopes of the reps who share what this scope's value pays."""
        return self._paid.get(scope, ())

    def exists(self, context: FormulaContext) -> bool:
        """Tell whether any rule has a value to pay a rep for."""
        return any(there.has(rule.kpi) for rule, there in self._sources(context))

    def evaluate(self, context: FormulaContext) -> KpiValue:
        """Add up what all rules pay a rep."""
        found = [
            payout for rule, there in self._sources(context) for payout in self._earned(rule, there)
        ]
        rep = _rep(context)
        own = [payout for payout in found if payout.rep == rep]
        whole = sum(payout.minor for payout in own)
        return KpiValue((whole, 1), {"sum": whole, "trace": [payout.trace for payout in own]})

    def _sources(self, context: FormulaContext) -> Iterator[tuple[CommissionRule, FormulaContext]]:
        """Give the rules that pay this rep in this window, each with the context of its value."""
        rep = _rep(context)
        for rule in self._rules:
            if rule.window == context.window.kind and rule.pays(rep):
                yield rule, context.at(rule.scope_of(rep))

    def _earned(self, rule: CommissionRule, context: FormulaContext) -> Iterable[Payout]:
        """Give the payouts of a rule, none where its KPI has no record or no value."""
        kpi = self._known[rule.kpi]
        value = context.value(kpi.name) if context.has(kpi.name) else None
        if value is None:
            return ()
        base = Fraction(*value)
        attainment = _attainment(kpi, base, context.target(kpi.name))
        if kpi.unit == "money":
            base /= 10**self._digits
        elif kpi.unit == "per_1000":
            base *= 1000
        return payouts(rule, _rep(context), base, attainment, self._currency, self._digits)


def _attainment(kpi: Kpi, base: Fraction, target: Fraction | None) -> Fraction | None:
    """Divide a value by its target, the other way round where lower is better."""
    if target is None:
        return None
    top, bottom = (target, base) if kpi.better == "lower" else (base, target)
    return top / bottom if bottom else None


def _rep(context: FormulaContext) -> str:
    return context.scope.partition("=")[2]
