"""Commission of a KPI's value: tiers, accelerators, cap and split, exact up to one rounding."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any, NamedTuple

from streams.engine.algebra.money import major, round_half_up

Trace = Mapping[str, Any]
ONE = Fraction(1)


class Tier(NamedTuple):
    """Each unit of the KPI from `start` to the next tier pays `rate`."""

    start: Fraction
    rate: Fraction


class Accelerator(NamedTuple):
    """From this attainment on, the whole amount is multiplied by `times`."""

    attainment: Fraction
    times: Fraction


@dataclass(frozen=True, slots=True)
class CommissionRule:
    """One rule; rates, tiers and cap are in major units of money and the KPI's published unit.

    Tiers start at 0 or above and ascend, as accelerators do; a plain rate is one tier from 0.
    Either each of `reps` (None: all reps) is paid for the rep's own value, or, with a `scope`
    such as `("team", "south")`, the reps in `splits` share what the group's value pays. Shares
    add up to 1.
    """

    name: str
    kpi: str
    window: str
    tiers: tuple[Tier, ...]
    accelerators: tuple[Accelerator, ...] = ()
    cap: Fraction | None = None
    reps: frozenset[str] | None = None
    scope: tuple[str, str] | None = None
    splits: tuple[tuple[str, Fraction], ...] = ()

    def pays(self, rep: str) -> bool:
        """Whether this rule can pay a rep anything."""
        if self.scope is not None:
            return any(name == rep for name, _ in self.splits)
        return self.reps is None or rep in self.reps

    def scope_of(self, rep: str) -> str:
        """Scope whose value a rep is paid for, `dimension=value`."""
        return "=".join(self.scope or ("rep", rep))


class Payout(NamedTuple):
    """What a rule pays a rep, in minor units, and its calculation."""

    rep: str
    minor: int
    trace: Trace


def payouts(
    rule: CommissionRule,
    rep: str,
    base: Fraction,
    attainment: Fraction | None,
    currency: str,
    digits: int,
) -> list[Payout]:
    """What a rule pays for a value: one payout for `rep`, or one for each rep of its split.

    `base` and `attainment` are exact; without a target, attainment is None and nothing is
    accelerated. There is one rounding, half up, after the cap; a split adds up to the rounded
    whole. The trace has every number exactly, as a decimal or else as `n/d`, so that it can be
    checked by hand: amount times rate is a tier's part, the parts' sum times `times` is
    `earned`, no more than the cap is `paid`, and the rep's share of that is `sum`.
    """
    parts = list(_parts(rule.tiers, base))
    times = _times(rule.accelerators, attainment)
    earned = times * sum((part for _, _, part in parts), Fraction())
    exact = earned * 10**digits
    whole = round_half_up(exact.numerator, exact.denominator)
    paid = whole
    if rule.cap is not None:
        # A cap finer than the currency is rounded down, or rounding up could exceed it.
        paid = min(whole, floor(rule.cap * 10**digits))
    dimension, _, value = rule.scope_of(rep).partition("=")
    trace = {
        "rule": rule.name,
        "kpi": rule.kpi,
        "scope": {dimension: value},
        "base": text(base),
        "tiers": [_tier_trace(*part) for part in parts],
        "attainment": None if attainment is None else text(attainment),
        "times": text(times),
        "earned": text(earned),
        "cap": None if rule.cap is None else text(rule.cap),
        "capped": paid < whole,
        "paid": major(paid, currency),
    }
    shares = dict(rule.splits) if rule.scope else {rep: ONE}
    return [
        Payout(name, own, {**trace, "share": text(shares[name]), "sum": own})
        for name, own in split(paid, shares).items()
    ]


def split(whole: int, shares: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole minor units by share; what rounding leaves goes to the largest remainders.

    Equal remainders go by name. The shares add up to 1.
    """
    exact = {name: whole * share for name, share in shares.items()}
    own = {name: floor(value) for name, value in exact.items()}
    left = whole - sum(own.values())
    by_remainder = sorted(shares, key=lambda name: (own[name] - exact[name], name))
    for name in by_remainder[:left]:
        own[name] += 1
    return own


def text(value: Fraction) -> str:
    """Exact text of a number: a finite decimal, else `n/d`."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    places = max(twos, fives)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def _parts(tiers: tuple[Tier, ...], base: Fraction) -> Iterator[tuple[Tier, Fraction, Fraction]]:
    """Each tier with the amount in it and what that pays.

    A negative base, money given back, counts at the rate that starts at 0, if there is one.
    """
    starts = [*(tier.start for tier in tiers[1:]), None]
    for tier, end in zip(tiers, starts, strict=True):
        top = base if end is None else min(base, end)
        amount = top - tier.start
        if tier.start > 0:
            amount = max(amount, Fraction())
        yield tier, amount, amount * tier.rate


def _tier_trace(tier: Tier, amount: Fraction, part: Fraction) -> Trace:
    return {
        "from": text(tier.start),
        "rate": text(tier.rate),
        "amount": text(amount),
        "part": text(part),
    }


def _times(accelerators: tuple[Accelerator, ...], attainment: Fraction | None) -> Fraction:
    if attainment is None:
        return ONE
    reached = [step.times for step in accelerators if step.attainment <= attainment]
    return reached[-1] if reached else ONE
