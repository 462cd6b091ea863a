"""The only reader of environment and files: what an operator can set, in one frozen object."""

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.failpoint import POINTS, is_known

PREFIX = "SALES_KPIS_"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHARE = re.compile(r"0(\.[0-9]+)?|1(\.0+)?")


class BadSetting(Exception):
    """A setting that cannot be used; the message names it and says what would do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything that can be set, each by `SALES_KPIS_<NAME>` in the environment.

    Times are whole milliseconds. `stage_probability` maps a stage to a decimal text,
    written `proposal=0.4,negotiation=0.7`.
    """

    bootstrap: str = "127.0.0.1:9092"
    app: str = "sales-kpis"
    timezone: str = "UTC"
    currency: str = "EUR"
    now: int | None = None
    week_start: int = 0
    fiscal_start: int = 1
    lateness_ms: int = 86_400_000
    publish_interval_ms: int = 200
    stale_days: int = 30
    small_deal: int = 1_000
    large_deal: int = 10_000
    stage_probability: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    partitions: int = 4
    replication: int = 1
    token: str = field(default="", repr=False)
    gateway_port: int = 8080
    metrics_port: int = 9464
    data: Path = Path(".data")
    failpoint: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not work, naming the variable."""
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise BadSetting(
                f"{PREFIX}TIMEZONE={self.timezone!r} is no IANA time zone; try Europe/Berlin or UTC"
            ) from error
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise BadSetting(f"{PREFIX}CURRENCY={self.currency!r} is no ISO 4217 code; try EUR")
        if not is_known(self.failpoint):
            raise BadSetting(
                f"{PREFIX}FAILPOINT={self.failpoint!r} is not like after_rows:3;"
                f" known: {', '.join(POINTS)}"
            )
        for name, low, high in (
            ("week_start", 0, 6),
            ("fiscal_start", 1, 12),
            ("partitions", 1, 1_000),
            ("replication", 1, 9),
            ("lateness_ms", 0, 10**12),
            ("publish_interval_ms", 0, 60_000),
            ("stale_days", 1, 10_000),
        ):
            if not low <= getattr(self, name) <= high:
                raise BadSetting(
                    f"{PREFIX}{name.upper()}={getattr(self, name)} is not between {low} and {high}"
                )
        if self.small_deal > self.large_deal:
            raise BadSetting(f"{PREFIX}SMALL_DEAL is above {PREFIX}LARGE_DEAL; swap them")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings; an unknown `SALES_KPIS_` name or a bad value is a BadSetting."""
        environment = os.environ if environment is None else environment
        known = {f.name for f in fields(cls)}
        given: dict[str, object] = {}
        for variable, text in environment.items():
            if not variable.startswith(PREFIX):
                continue
            name = variable.removeprefix(PREFIX).lower()
            if name not in known:
                raise BadSetting(f"{variable} is no setting; known: {', '.join(sorted(known))}")
            given[name] = parse(name, variable, text)
        return replace(cls(), **given)  # type: ignore[arg-type]  # parse() gives each its type

    def clock(self) -> int:
        """The time in milliseconds: the fixed `now` if there is one, else the machine's."""
        return time.time_ns() // 1_000_000 if self.now is None else self.now


def parse(name: str, variable: str, text: str) -> object:
    """Read one setting's text as its type."""
    if name == "now":
        return instant(text, variable) if text else None
    if name == "data":
        return Path(text)
    if name == "stage_probability":
        return MappingProxyType(dict(probabilities(text, variable)))
    if isinstance(getattr(Settings(), name), int):
        try:
            return int(text)
        except ValueError:
            raise BadSetting(f"{variable}={text!r} is not a whole number") from None
    return text


def instant(text: str, name: str) -> int:
    """Read an RFC 3339 time with an offset as milliseconds since the epoch."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadSetting(
            f"{name}={text!r} is no time with an offset; try 2026-03-02T09:15:00+03:30"
        )
    return (moment - EPOCH) // timedelta(milliseconds=1)


def probabilities(text: str, variable: str) -> list[tuple[str, str]]:
    """Read `stage=0.4,other=0.7`."""
    pairs = [part.split("=", 1) for part in text.split(",") if part.strip()]
    for pair in pairs:
        if len(pair) != 2 or not pair[0].strip() or not SHARE.fullmatch(pair[1].strip()):
            raise BadSetting(f"{variable}={text!r} is not like proposal=0.4,negotiation=0.7")
    return [(stage.strip(), share.strip()) for stage, share in pairs]
