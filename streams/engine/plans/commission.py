"""What a rule pays for a value: tiers, accelerator, cap and split, exact to the last rounding."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any, NamedTuple

from streams.engine.algebra.money import major, round_half_up

Trace = Mapping[str, Any]
ONE = Fraction(1)


class Tier(NamedTuple):
    """From `start` on, up to where the next tier starts, each unit of the KPI pays `rate`."""

    start: Fraction
    rate: Fraction


class Accelerator(NamedTuple):
    """From this attainment on, the whole amount is paid so many times."""

    attainment: Fraction
    times: Fraction


@dataclass(frozen=True, slots=True)
class CommissionRule:
    """One rule; rates, tiers and cap are in major units of money and the KPI's published unit.

    Tiers start at 0 or above and ascend, as accelerators do; a plain rate is one tier from 0.
    Either each of `reps` (None: of all) is paid for the own value, or, with a `scope` such as
    `("team", "south")`, those in `splits` share what the group's value pays. Shares add up to 1.
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
        """Name the scope whose value a rep is paid for, `dimension=member`."""
        return "=".join(self.scope or ("rep", rep))


class Payout(NamedTuple):
    """What a rule pays a rep, in minor units, and how that came about."""

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
    """Give what a rule pays for a value: one payout for `rep`, or one a rep of its split.

    `base` and `attainment` are exact; without a target, attainment is None and nothing is
    accelerated. There is one rounding, half up, after the cap; a split adds up to the rounded
    whole. A trace has every number exactly, as a decimal or else as `n/d`, so that anyone can
    go through it: amount times rate is a tier's part, the parts' sum times `times` is `earned`,
    no more than the cap is paid, the share of that is the rep's.
    """
    scale = 10**digits
    parts = list(_parts(rule.tiers, base))
    times = _times(rule.accelerators, attainment)
    earned = times * sum((part for _, _, part in parts), Fraction())
    # A cap finer than the currency is rounded down, or rounding up could exceed it.
    limit = None if rule.cap is None else floor(rule.cap * scale)
    exact = earned * scale
    whole = round_half_up(exact.numerator, exact.denominator)
    paid = whole if limit is None else min(whole, limit)
    dimension, _, member = rule.scope_of(rep).partition("=")
    trace = {
        "rule": rule.name,
        "kpi": rule.kpi,
        "scope": {dimension: member},
        "base": text(base),
        "tiers": [
            {
                "from": text(tier.start),
                "rate": text(tier.rate),
                "amount": text(amount),
                "part": text(part),
            }
            for tier, amount, part in parts
        ],
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
    """Share out whole minor units so that they add up: what is left goes to the largest rests.

    Equal rests go by name. The shares add up to 1.
    """
    exact = {name: whole * share for name, share in shares.items()}
    own = {name: floor(value) for name, value in exact.items()}
    left = whole - sum(own.values())
    by_rest = sorted(shares, key=lambda name: (own[name] - exact[name], name))
    for name in by_rest[:left]:
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


def _parts(tiers: tuple[Tier, ...], base: Fraction) -> Iterator[tuple[Tier, Fraction, Fraction]]:
    """Give each tier with the amount that falls in it and what that pays.

    Below zero, money given back, counts at the rate that begins at zero, if there is one.
    """
    starts = [*(tier.start for tier in tiers[1:]), None]
    for tier, end in zip(tiers, starts, strict=True):
        top = base if end is None else min(base, end)
        amount = top - tier.start
        if tier.start > 0:
            amount = max(amount, Fraction())
        yield tier, amount, amount * tier.rate


def _times(accelerators: tuple[Accelerator, ...], attainment: Fraction | None) -> Fraction:
    if attainment is None:
        return ONE
    reached = [step.times for step in accelerators if step.attainment <= attainment]
    return reached[-1] if reached else ONE
