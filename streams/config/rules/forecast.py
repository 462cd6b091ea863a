"""The table `[forecast]`: how much history a win rate needs, and what its range is drawn from."""

from dataclasses import dataclass

from streams.config.rules.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRules:
    """What the operator chose.

    A stage's own win rate counts from `floor` closed deals on. The same `seed` draws the same
    range on every machine.
    """

    floor: int = 20
    seed: str = "forecast"


def parse(table: Table) -> ForecastRules:
    """Read the table. Raises BadSetting for what cannot be used."""
    usual = ForecastRules()
    rules = ForecastRules(
        floor=table.number("floor", usual.floor, low=1, high=1_000_000),
        seed=table.text("seed", usual.seed),
    )
    table.finish()
    return rules
