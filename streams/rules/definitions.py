"""The table `[definitions]`: readings of a KPI on which companies differ."""

from dataclasses import dataclass
from typing import Literal

from streams.rules.table import Table

CloseRateBy = Literal["close", "creation"]
Win = Literal["latest_run", "first"]
Owner = Literal["now", "event"]
Conversion = Literal["event", "close"]
LostAmount = Literal["latest", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionRules:
    """What the operator chose; the defaults are the readings of the contract.

    `stages` is the order of stages, earliest first; empty where none is given.
    """

    close_rate_by: CloseRateBy = "close"
    win: Win = "latest_run"
    owner: Owner = "now"
    conversion: Conversion = "event"
    lost_amount: LostAmount = "latest"
    stages: tuple[str, ...] = ()


def parse(table: Table) -> DefinitionRules:
    """Read the table. Raises BadSetting for what cannot be used."""
    closed_by: tuple[CloseRateBy, ...] = ("close", "creation")
    wins: tuple[Win, ...] = ("latest_run", "first")
    owners: tuple[Owner, ...] = ("now", "event")
    conversions: tuple[Conversion, ...] = ("event", "close")
    lost: tuple[LostAmount, ...] = ("latest", "open")
    rules = DefinitionRules(
        close_rate_by=table.choice("close_rate_by", closed_by, "close"),
        win=table.choice("win", wins, "latest_run"),
        owner=table.choice("owner", owners, "now"),
        conversion=table.choice("conversion", conversions, "event"),
        lost_amount=table.choice("lost_amount", lost, "latest"),
        stages=table.words("stages", ()),
    )
    table.finish()
    return rules
