"""The table `[forecast]`: the least sample of a win rate, and the seed of the range."""

from dataclasses import dataclass

from streams.config.rules.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRules:
    """The operator's choices.

    A stage's own win rate is used from `floor` closed deals on. The same `seed` gives the same
    range on every machine.
    """

    floor: int = 20
    seed: str = "forecast"


def parse(table: Table) -> ForecastRules:
    """Read the table. Raises BadSetting for an invalid rule."""
    defaults = ForecastRules()
    rules = ForecastRules(
        floor=table.number("floor", defaults.floor, low=1, high=1_000_000),
        seed=table.text("seed", defaults.seed),
    )
    table.finish()
    return rules
