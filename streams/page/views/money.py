"""Money: what is owed, for how long, and what reps are paid."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from streams.engine.algebra.money import major
from streams.languages.format import Shown, currency
from streams.page.choice import Choice
from streams.page.views.alerts import group
from streams.page.views.card import Source, card
from streams.page.views.shown import Needs

CARDS = ("receivables", "overdue", "collected", "days_to_pay")
OVERDUE, COMMISSION, REP = "invoice_overdue", "commission", "rep"
# The last day of each class of age; what is older is in a class of its own.
AGES = (30, 60, 90)
FULL = 100.0


class Age(NamedTuple):
    """What is overdue by so many days; `filled` is its share of the largest, in percent."""

    title: str
    amount: str
    invoices: Shown
    filled: float


class Step(NamedTuple):
    """A rule of pay, as one line to follow by hand."""

    rule: str
    text: str
    paid: str


class Pay(NamedTuple):
    """A rep's commission and every step of it."""

    rep: str
    href: str
    key: str
    shown: Shown
    steps: Sequence[Step]


def needs(choice: Choice) -> Needs:
    """Return what the view reads."""
    return Needs(
        kpis=frozenset({*CARDS, COMMISSION}),
        scopes=frozenset({choice.scope}),
        dimensions=frozenset({REP}),
        windows=frozenset({"day", choice.window}),
    )


def build(source: Source) -> dict[str, Any]:
    """Build the view."""
    choice = source.choice
    return {
        "cards": [card(source, k, choice.scope, choice.window) for k in CARDS if source.has(k)],
        "ages": ages(source),
        "pays": pays(source),
        "invoices": group(source, OVERDUE),
    }


def ages(source: Source) -> list[Age]:
    """Return what is overdue by age, of the invoices that have an alert."""
    amounts = [Decimal(0)] * (len(AGES) + 1)
    counts = [0] * (len(AGES) + 1)
    code = ""
    for alert in source.alerts:
        if alert["kind"] == OVERDUE and alert.get("amount"):
            days = (source.now - datetime.fromisoformat(alert["since"])).days
            place = sum(days > last for last in AGES)
            amounts[place] += Decimal(alert["amount"])
            counts[place] += 1
            code = alert["currency"]
    most = max(amounts) or Decimal(1)
    titles = [source.text(f"age.{last}") for last in AGES] + [source.text("age.older")]
    return [
        Age(
            title,
            source.formats.money(amount, code),
            source.formats.value("invoices", count, "count"),
            round(float(amount / most) * FULL, 1),
        )
        for title, amount, count in zip(titles, amounts, counts, strict=True)
        if code
    ]


def pays(source: Source) -> list[Pay]:
    """Return the commission of each rep, largest first, with its trace."""
    window, found = source.choice.window, []
    for rep in source.records.values_of(REP, window):
        scope = f"{REP}={rep}"
        record = source.records.current(COMMISSION, scope, window)
        if record is None or source.choice.scope not in ("all", scope):
            continue
        steps = [_step(source, trace) for trace in record["parts"].get("trace", ())]
        shown = source.formats.value(COMMISSION, record["value"], record["unit"])
        href = source.choice.address(rep=rep)
        found.append(Pay(rep, href, f"{COMMISSION}|{scope}|{window}", shown, steps))
    return sorted(found, key=lambda pay: -float(pay.shown.raw or 0))


def _step(source: Source, trace: Any) -> Step:
    tiers = " + ".join(f"{tier['amount']} × {tier['rate']}" for tier in trace["tiers"])
    text = tiers or trace["base"]
    if trace["times"] != "1":
        text = f"({text}) × {trace['times']}"
    if trace["capped"]:
        text += f" → {source.text('money.capped', cap=trace['cap'])}"
    if trace["share"] != "1":
        text = f"({text}) × {trace['share']}"
    unit = source.unit(COMMISSION)
    paid = source.formats.exact(Decimal(major(trace["sum"], currency(unit))), unit)
    return Step(trace["rule"], text, paid)
