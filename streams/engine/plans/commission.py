"""Commission: what a rule pays for a value by tiers, accelerator, cap and split, exactly."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any, NamedTuple

from streams.engine.algebra.money import major, round_half_up

Trace = Mapping[str, Any]
ONE = Fraction(1)


class Tier(NamedTuple):
    """From `start` up to the start of the next tier, each unit of the KPI pays `rate`."""

    start: Fraction
    rate: Fraction


class TierPart(NamedTuple):
    """The amount of a value that falls in a tier, and what the tier pays for it."""

    tier: Tier
    amount: Fraction
    pay: Fraction


class Accelerator(NamedTuple):
    """From this attainment on, the whole amount is multiplied by `times`."""

    attainment: Fraction
    times: Fraction


@dataclass(frozen=True, slots=True)
class CommissionRule:
    """One rule; rates, tiers and cap are in major units of money and the KPI's published unit.

    Tiers and accelerators ascend, from 0 or above; a plain rate is one tier from 0. Without a
    `scope` each of `reps` (None: all) is paid for the rep's own value. With a scope such as
    `("team", "south")` the reps in `splits` share what its value pays; shares add up to 1.
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
        """Tell whether this rule can pay a rep anything."""
        if self.scope is not None:
            return any(name == rep for name, _ in self.splits)
        return self.reps is None or rep in self.reps

    def scope_of(self, rep: str) -> str:
        """Give the scope whose value a rep is paid for, `dimension=value`."""
        return "=".join(self.scope or ("rep", rep))


class Payout(NamedTuple):
    """What a rule pays a rep, in minor units, with the trace of its computation."""

    rep: str
    minor: int
    trace: Trace


class Earning(NamedTuple):
    """What a rule pays for a value before it is split: exact, and in minor units."""

    parts: list[TierPart]
    times: Fraction
    earned: Fraction
    whole: int
    paid: int


def payouts(
    rule: CommissionRule,
    rep: str,
    base: Fraction,
    attainment: Fraction | None,
    currency: str,
    digits: int,
) -> list[Payout]:
    """Give what a rule pays for a value: one payout for `rep`, or one per rep of its split.

    `base` and `attainment` are exact; without a target, attainment is None and nothing is
    accelerated. There is one rounding, half up, after the cap; a split adds up to the rounded
    whole. A trace has every number exactly, as a decimal or else as `n/d`, so that the result can
    be checked: amount times rate is a tier's part, the parts' sum times `times` is `earned`,
    the cap limits what is paid, and the share of that is the rep's.
    """
    earning = _earning(rule, base, attainment, digits)
    trace = {
        **_trace(rule, rep, base, attainment, earning),
        "paid": major(earning.paid, currency),
    }
    shares = dict(rule.splits) if rule.scope else {rep: ONE}
    return [
        Payout(name, own, {**trace, "share": text(shares[name]), "sum": own})
        for name, own in split(earning.paid, shares).items()
    ]


def _earning(
    rule: CommissionRule, base: Fraction, attainment: Fraction | None, digits: int
) -> Earning:
    scale = 10**digits
    parts = list(_parts(rule.tiers, base))
    times = _times(rule.accelerators, attainment)
    earned = times * sum((part.pay for part in parts), Fraction())
    # A cap finer than the currency is rounded down, or rounding up could exceed it.
    limit = None if rule.cap is None else floor(rule.cap * scale)
    exact = earned * scale
    whole = round_half_up(exact.numerator, exact.denominator)
    return Earning(parts, times, earned, whole, whole if limit is None else min(whole, limit))


def _trace(
    rule: CommissionRule,
    rep: str,
    base: Fraction,
    attainment: Fraction | None,
    earning: Earning,
) -> dict[str, Any]:
    """Write out every step of a rule up to its cap."""
    dimension, _, value = rule.scope_of(rep).partition("=")
    return {
        "rule": rule.name,
        "kpi": rule.kpi,
        "scope": {dimension: value},
        "base": text(base),
        "tiers": [
            {
                "from": text(part.tier.start),
                "rate": text(part.tier.rate),
                "amount": text(part.amount),
                "part": text(part.pay),
            }
            for part in earning.parts
        ],
        "attainment": None if attainment is None else text(attainment),
        "times": text(earning.times),
        "earned": text(earning.earned),
        "cap": None if rule.cap is None else text(rule.cap),
        "capped": earning.paid < earning.whole,
    }


def split(whole: int, shares: Mapping[str, Fraction]) -> dict[str, int]:
    """Split whole minor units by the largest remainder method; equal remainders go by name.

    The shares add up to 1.
    """
    exact = {name: whole * share for name, share in shares.items()}
    own = {name: floor(value) for name, value in exact.items()}
    missing = whole - sum(own.values())
    by_remainder = sorted(shares, key=lambda name: (own[name] - exact[name], name))
    for name in by_remainder[:missing]:
        own[name] += 1
    return own


def text(value: Fraction) -> str:
    """Write a number exactly: as a decimal where it ends, else as `n/d`."""
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


def _parts(tiers: tuple[Tier, ...], base: Fraction) -> Iterator[TierPart]:
    """Give each tier's part of a value; a negative value is paid back at the rate from zero on."""
    starts = [*(tier.start for tier in tiers[1:]), None]
    for tier, end in zip(tiers, starts, strict=True):
        top = base if end is None else min(base, end)
        amount = top - tier.start
        if tier.start > 0:
            amount = max(amount, Fraction())
        yield TierPart(tier, amount, amount * tier.rate)


def _times(accelerators: tuple[Accelerator, ...], attainment: Fraction | None) -> Fraction:
    if attainment is None:
        return ONE
    multipliers = [step.times for step in accelerators if step.attainment <= attainment]
    return multipliers[-1] if multipliers else ONE
