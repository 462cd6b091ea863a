"""What do sales people earn by it?"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from streams.engine.catalogue import Kpi, declared
from streams.engine.commission import CommissionRule, Payout, payouts
from streams.engine.derived import Derived, Figure, Given
from streams.engine.money import minor_digits

TEXT = (
    "What a rep earns in the window by the rules of pay: rates and tiers of a KPI, more from a"
    " target on, up to a cap, a team's share.\n\n"
    "The parts show every step of every rule. Whatever changes what a deal counts for, changes"
    " this too: a win that is taken back takes its commission back."
)


def commission(rules: Sequence[CommissionRule], currency: str) -> Derived:
    """Give the commission as the rules have it; without rules it has no records."""
    by_name = {kpi.name: kpi for kpi in declared()}
    named = tuple(dict.fromkeys(rule.kpi for rule in rules))
    shared: dict[str, tuple[str, ...]] = {}
    for rule in rules:
        if rule.scope:
            reps = tuple(f"rep={name}" for name, _ in rule.splits)
            scope = rule.scope_of("")
            shared[scope] = (*shared.get(scope, ()), *reps)

    def formula(given: Given) -> Figure | None:
        rep = given.scope.partition("=")[2]
        found = [
            payout
            for rule in rules
            if rule.window == given.window.kind and rule.pays(rep)
            for payout in earned(rule, by_name[rule.kpi], given.at(rule.scope_of(rep)), rep)
        ]
        if not found:
            return None
        whole = sum(payout.minor for payout in found)
        return Figure((whole, 1), {"sum": whole, "trace": [payout.trace for payout in found]})

    def earned(rule: CommissionRule, kpi: Kpi, given: Given, rep: str) -> Iterable[Payout]:
        """Give what a rule pays a rep, nothing where its KPI has no facts."""
        value = given.value(kpi.name) if given.vector(kpi.name) else None
        if value is None:
            return ()
        base, target = Fraction(*value), given.target(kpi.name)
        of, by = (target, base) if kpi.better == "lower" else (base, target)
        attainment = None if of is None or not by else of / by
        if kpi.unit == "money":
            base /= 10 ** minor_digits(currency)
        elif kpi.unit == "per_1000":
            base *= 1000
        digits = minor_digits(currency)
        paid = payouts(rule, rep, base, attainment, currency, digits)
        return (payout for payout in paid if payout.rep == rep)

    return Derived(
        "commission",
        "money",
        ("rep",),
        named or ("revenue_won",),
        (),
        formula,
        TEXT,
        is_for_all=False,
        kinds=tuple(dict.fromkeys(rule.window for rule in rules)),
        targets=named,
        affects=lambda scope: shared.get(scope, ()),
        adds_up=True,
    )
