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

from streams.process.failpoint import POINTS, is_known
from streams.process.logs import FORMS

PREFIX = "SALES_KPIS_"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECURITY = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
# Each can be named by file as well, as `SALES_KPIS_TOKEN_FILE`: an environment is seen by many.
SECRETS = ("token", "kafka_password", "erasure_key")
PATHS = ("data", "kafka_ca", "kafka_certificate", "kafka_key", "rules")
SHARE = re.compile(r"0(\.[0-9]+)?|1(\.0+)?")
WEIGHT = re.compile(r"[0-9]{1,6}")
# The weight of each kind of ticket in an account's churn risk.
CHURN_WEIGHTS = MappingProxyType(
    {"complaint": 3, "closing_request": 5, "contract_question": 2, "contact": 1}
)


class BadSetting(Exception):
    """A setting that cannot be used; the message names it and says what would do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything that can be set, each by `SALES_KPIS_<NAME>` in the environment.

    Times are whole milliseconds. `stage_probability` maps a stage to a decimal text,
    written `proposal=0.4,negotiation=0.7`. `stages` is their order, earliest first, written
    `discovery,proposal,negotiation`. `churn_weights` are whole numbers, written
    `complaint=3,closing_request=5`; a kind of ticket that is not named keeps its default.
    `rules` names the TOML file that `streams.config.rules` reads; its stages go before these.
    """

    bootstrap: str = "127.0.0.1:9092"
    app: str = "sales-kpis"
    timezone: str = "UTC"
    currency: str = "EUR"
    now: int | None = None
    week_start: int = 0
    fiscal_start: int = 1
    lateness_ms: int = 86_400_000
    publish_interval_ms: int = 50
    stale_days: int = 30
    small_deal: int = 1_000
    large_deal: int = 10_000
    stage_probability: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    partitions: int = 4
    replication: int = 1
    kafka_security: str = "PLAINTEXT"
    kafka_mechanism: str = "SCRAM-SHA-512"
    kafka_user: str = ""
    kafka_password: str = field(default="", repr=False)
    kafka_ca: Path | None = None
    kafka_certificate: Path | None = None
    kafka_key: Path | None = None
    token: str = field(default="", repr=False)
    erasure_key: str = field(default="", repr=False)
    gateway_port: int = 8080
    metrics_port: int = 9464
    data: Path = Path(".data")
    stages: tuple[str, ...] = ()
    churn_threshold: int = 5
    churn_weights: Mapping[str, int] = field(default_factory=lambda: CHURN_WEIGHTS)
    rules: Path | None = None
    log: str = "text"
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
        for name, words in (
            ("kafka_security", SECURITY),
            ("kafka_mechanism", MECHANISMS),
            ("log", FORMS),
        ):
            if getattr(self, name) not in words:
                raise BadSetting(
                    f"{PREFIX}{name.upper()}={getattr(self, name)!r} is none of {', '.join(words)}"
                )
        if self.kafka_security.startswith("SASL") and not (self.kafka_user and self.kafka_password):
            raise BadSetting(
                f"{PREFIX}KAFKA_SECURITY={self.kafka_security} needs {PREFIX}KAFKA_USER and"
                f" {PREFIX}KAFKA_PASSWORD (or {PREFIX}KAFKA_PASSWORD_FILE)"
            )
        if not is_known(self.failpoint):
            raise BadSetting(
                f"{PREFIX}FAILPOINT={self.failpoint!r} is not like after_state:3;"
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
            ("churn_threshold", 1, 1_000_000),
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
            if name.removesuffix("_file") in SECRETS and name.endswith("_file"):
                name, text = name.removesuffix("_file"), secret(variable, text)
                if name in given or PREFIX + name.upper() in environment:
                    raise BadSetting(f"{variable} and {PREFIX}{name.upper()} are both set")
            if name not in known:
                raise BadSetting(f"{variable} is no setting; known: {', '.join(sorted(known))}")
            given[name] = parse(name, variable, text)
        return replace(cls(), **given)  # type: ignore[arg-type]  # parse() gives each its type

    @property
    def secret(self) -> bytes:
        """The key under which merged and erased subjects are remembered, never their names."""
        return (self.erasure_key or self.app).encode()

    def clock(self) -> int:
        """The time in milliseconds: the fixed `now` if there is one, else the machine's."""
        return time.time_ns() // 1_000_000 if self.now is None else self.now


def parse(name: str, variable: str, text: str) -> object:
    """Read one setting's text as its type."""
    if name == "now":
        return instant(text, variable) if text else None
    if name in PATHS:
        return Path(text) if text else None
    if name == "stage_probability":
        return MappingProxyType(dict(probabilities(text, variable)))
    if name == "stages":
        return in_order(text, variable)
    if name == "churn_weights":
        return MappingProxyType({**CHURN_WEIGHTS, **weights(text, variable)})
    if isinstance(getattr(Settings(), name), int):
        try:
            return int(text)
        except ValueError:
            raise BadSetting(f"{variable}={text!r} is not a whole number") from None
    return text


def secret(variable: str, file: str) -> str:
    """Read a secret from the file that a variable names; white space around it is not part."""
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{variable}={file!r} cannot be read: {error}") from error


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


def in_order(text: str, variable: str) -> tuple[str, ...]:
    """Read `first,second,third`."""
    names = tuple(name for part in text.split(",") if (name := part.strip()))
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise BadSetting(f"{variable}={text!r} names {min(twice)!r} twice; once gives its place")
    return names


def weights(text: str, variable: str) -> dict[str, int]:
    """Read `complaint=3,contact=1`."""
    pairs = [[it.strip() for it in part.split("=", 1)] for part in text.split(",") if part.strip()]
    for pair in pairs:
        if len(pair) != 2 or not WEIGHT.fullmatch(pair[1]):
            raise BadSetting(f"{variable}={text!r} is not like complaint=3,closing_request=5")
        if pair[0] not in CHURN_WEIGHTS:
            known = ", ".join(CHURN_WEIGHTS)
            raise BadSetting(f"{variable}: {pair[0]!r} is no kind of ticket; known: {known}")
    return {kind: int(weight) for kind, weight in pairs}
