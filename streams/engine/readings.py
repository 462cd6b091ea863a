"""Readings of a KPI on which companies differ; the defaults are the contract's."""

from dataclasses import dataclass
from typing import Literal

CloseRateBy = Literal["close", "creation"]
Win = Literal["latest_run", "first"]
Owner = Literal["now", "event"]
Conversion = Literal["event", "close"]
LostAmount = Literal["latest", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What the operator chose.

    `close_rate_by`: whether `close_rate` and `close_rate_value` count a closed deal when it
    closed or when it was created. `win`: whether a deal that is won again counts from its latest
    win or its first. `owner`: whether a fact belongs to the rep of now or of then. `conversion`:
    whether a deal's money is converted at the fact's date, or at the close date once there is
    one. `lost_amount`: whether a lost deal is worth its latest amount or the one it had while open.
    """

    close_rate_by: CloseRateBy = "close"
    win: Win = "latest_run"
    owner: Owner = "now"
    conversion: Conversion = "event"
    lost_amount: LostAmount = "latest"
