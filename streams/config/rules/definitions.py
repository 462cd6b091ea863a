"""The table `[definitions]`: definitions on which companies differ."""

from dataclasses import dataclass, field

from streams.config.rules import business
from streams.config.rules.business import BusinessRules
from streams.config.rules.table import Table
from streams.engine.catalogue.definitions import (
    CloseRateBy,
    Conversion,
    DefinitionChoices,
    LostAmount,
    OwnerChoice,
    Win,
)

CLOSE_RATE_BY: tuple[CloseRateBy, ...] = ("close", "creation")
WIN: tuple[Win, ...] = ("latest_run", "first")
OWNER_OPTIONS: tuple[OwnerChoice, ...] = ("now", "event")
CONVERSION: tuple[Conversion, ...] = ("event", "close")
LOST_AMOUNT: tuple[LostAmount, ...] = ("latest", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionRules:
    """The operator's choices; the defaults are those of the contract.

    `stages` is their order, earliest first; empty where none is set. Leads are answered in
    `business` hours, or around the clock where that is None.
    """

    choices: DefinitionChoices = field(default_factory=DefinitionChoices)
    stages: tuple[str, ...] = ()
    business: BusinessRules | None = None


def parse(table: Table) -> DefinitionRules:
    """Read the table. Raises BadSetting for an invalid rule."""
    defaults = DefinitionChoices()
    choices = DefinitionChoices(
        close_rate_by=table.choice("close_rate_by", CLOSE_RATE_BY, defaults.close_rate_by),
        win=table.choice("win", WIN, defaults.win),
        owner=table.choice("owner", OWNER_OPTIONS, defaults.owner),
        organisation=table.choice("organisation", OWNER_OPTIONS, defaults.organisation),
        conversion=table.choice("conversion", CONVERSION, defaults.conversion),
        lost_amount=table.choice("lost_amount", LOST_AMOUNT, defaults.lost_amount),
    )
    stages = table.options("stages", ())
    hours = table.choice("response_hours", ("calendar", "business"), "calendar")
    work = business.parse(table.table("business"))
    table.finish()
    return DefinitionRules(
        choices=choices, stages=stages, business=work if hours == "business" else None
    )
