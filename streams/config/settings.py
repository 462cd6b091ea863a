"""The only reader of environment and files: what an operator can set, in one frozen object.

Each field carries its group, its meaning and its kind. The reader, its checks and
`docs/reference/settings.md` all use the same declaration.
"""

# ruff: noqa: RUF009 - `setting` declares a field, and its defaults do not change
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Self

from streams.config.declaration import PREFIX as VARIABLE_PREFIX
from streams.config.declaration import BadSetting, declared, setting
from streams.config.environment import complaints, read_all
from streams.config.failpoints import POINTS, is_known
from streams.config.setting_kinds import (
    choice,
    currency_complaint,
    failpoint,
    folder,
    history_complaint,
    milliseconds,
    names,
    number,
    optional_instant,
    optional_number,
    optional_path,
    secret,
    shares,
    some_of,
    text,
    token_complaint,
    weights,
    zone_complaint,
)
from streams.config.source_settings import SourceSettings

PREFIX = VARIABLE_PREFIX

REPORTING, DEFINITIONS = "Reporting and publishing", "Definitions"

GATEWAY, METRICS, PROCESS = "Gateway and privacy", "Metrics of workers", "Processes"

LOG_FORMS = ("text", "json")

# Not the hours: an hour is over before a dashboard has shown it.
GAUGE_WINDOWS = (
    *("day", "week", "month", "quarter", "year"),
    *("last_7d", "last_15d", "last_30d", "last_90d"),
)

# The weight of each kind of ticket in an account's churn risk.
CHURN_WEIGHTS = MappingProxyType(
    {"complaint": 3, "closing_request": 5, "contract_question": 2, "contact": 1}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings(SourceSettings):
    """Everything that can be set, each by `SALES_KPIS_<NAME>` in the environment."""

    timezone: str = setting(
        REPORTING,
        "UTC",
        text("IANA name, `Europe/Berlin`", zone_complaint),
        "Time zone in which days, weeks and months begin.",
    )
    currency: str = setting(
        REPORTING,
        "EUR",
        text("ISO 4217 code", currency_complaint),
        "Reporting currency. Amounts in others are converted with the rates of `crm.rate`.",
    )
    week_start: int = setting(
        REPORTING, 0, number(0, 6, "day"), "First day of the week: 0 is Monday, 6 is Sunday."
    )
    fiscal_start: int = setting(
        REPORTING, 1, number(1, 12, "month"), "First month of the fiscal year: 1 is January."
    )
    lateness_ms: int = setting(
        REPORTING,
        86_400_000,
        number(0, 10**12, "ms"),
        "Time after the end of a window until its records say `final`. An event that is older than"
        " this when it comes counts all the same, and in `sales_kpis_late_total` too.",
    )
    publish_interval_ms: int = setting(
        REPORTING,
        50,
        number(0, 60_000, "ms"),
        "Shortest time between two records of one grand total. Days of reps, teams and channels"
        " have that where there is time to spare, twice that under load, but at least 0.16 s with"
        " few KPIs and 0.4 s with all, and ten times that while a backlog waits; other windows are"
        " published less often.",
    )
    now: int | None = setting(
        REPORTING,
        None,
        optional_instant(),
        "A fixed clock, for looking back and for tests. Empty: the clock of the machine.",
    )

    stale_days: int = setting(
        DEFINITIONS,
        30,
        number(1, 10_000, "days"),
        "Days without an event after which an open deal is stale.",
    )
    small_deal: int = setting(
        DEFINITIONS,
        1_000,
        number(0, 10**15, "currency units"),
        "A won deal below this amount is small. Not above `LARGE_DEAL`.",
    )
    large_deal: int = setting(
        DEFINITIONS,
        10_000,
        number(0, 10**15, "currency units"),
        "A won deal from this amount on is large.",
    )
    stage_probability: Mapping[str, str] = setting(
        DEFINITIONS,
        MappingProxyType({}),
        shares(),
        "Probability of a win by stage, for deals whose events give none.",
    )
    stages: tuple[str, ...] = setting(
        DEFINITIONS,
        (),
        names("names in their order, `discovery,proposal,negotiation`"),
        "Order of the stages, earliest first. `definitions.stages` of the rules file overrides it.",
    )
    churn_threshold: int = setting(
        DEFINITIONS,
        5,
        number(1, 1_000_000, "points"),
        "Score from which an account counts in `churn_risk`.",
    )
    churn_weights: Mapping[str, int] = setting(
        DEFINITIONS,
        CHURN_WEIGHTS,
        weights(CHURN_WEIGHTS),
        "Points of a ticket by its kind. A kind that is left out keeps its default.",
    )
    rules: Path | None = setting(
        DEFINITIONS,
        None,
        optional_path("path of a TOML file"),
        "The rules file, see [rules-file.md](rules-file.md).",
    )

    token: str = setting(
        GATEWAY,
        "",
        secret(
            "24 or more of `A-Z a-z 0-9 . _ ~ + / -`, several with commas between them",
            token_complaint,
        ),
        "What senders of events have to present. Required where the gateway listens on another"
        " address than the loopback.",
    )
    erasure_key: str = setting(
        GATEWAY,
        "",
        secret("text"),
        "Key of the hashes under which erased and merged subjects are remembered. Set it before"
        " the first event and keep it. Without it the key is `APP`.",
    )
    gateway_port: int = setting(
        GATEWAY, 8080, number(0, 65_535, "port"), "Port of the gateway. 0: any free one."
    )
    page_port: int = setting(
        PROCESS, 8090, number(0, 65_535, "port"), "Port of `sales-kpis page`. 0: any free one."
    )
    header_timeout_s: int = setting(
        GATEWAY, 10, number(1, 300, "s"), "Time for the headers of a request to the gateway."
    )
    max_connections: int = setting(
        GATEWAY, 512, number(16, 100_000), "Connections that the gateway serves; more get 503."
    )

    metrics_port: int | None = setting(
        METRICS,
        None,
        optional_number(0, 65_535, "port"),
        "Port of a worker's metrics and health checks; with `--processes` the first of several."
        " 0: any free one. Empty: none, and in `sales-kpis demo` from 9464 on.",
    )
    metrics_windows: tuple[str, ...] = setting(
        METRICS,
        ("day", "week", "month", "quarter", "last_30d"),
        some_of(*GAUGE_WINDOWS),
        "Windows whose KPIs become gauges.",
    )
    metrics_kpis: tuple[str, ...] = setting(
        METRICS,
        (),
        names("names of KPIs, `revenue_won,close_rate`"),
        "KPIs that become gauges. Empty: all.",
    )
    metrics_values: int = setting(
        METRICS,
        300,
        number(1, 100_000),
        "Values of a KPI's dimension with gauges, such as reps: the largest ones have them.",
    )
    metrics_labels: int = setting(
        METRICS,
        50,
        number(1, 100_000),
        "Labels of a KPI's dimension with gauges, such as reasons: the most frequent have them.",
    )

    data: Path = setting(
        PROCESS,
        Path(".data"),
        folder(),
        "Where `sales-kpis demo` keeps its logs, and `sales-kpis history` its file.",
    )
    history: str = setting(
        PROCESS,
        "",
        secret(
            "path of a SQLite file, or `postgresql://user:password@host/database`",
            history_complaint,
        ),
        "Where `sales-kpis history` keeps the past. Empty: `history.sqlite` in `DATA`.",
    )
    snapshot_interval_s: int = setting(
        PROCESS,
        600,
        number(0, 86_400, "s"),
        "Time between two snapshots of one partition's state; the next one comes sooner if the"
        " last one lacks a fifth of the events. Who takes a partition over reads only what came"
        " after the last one event by event. 0: none are written, and every start adds up all"
        " events.",
    )
    horizon_days: int = setting(
        PROCESS,
        800,
        number(0, 100_000, "days"),
        "Age at which subjects leave a worker's memory, unless an alert about them holds; a late"
        " event, a merge or an erasure that names them brings them back, and no number changes by"
        " it. The usual age keeps the running year and the one before it. 0: all stay.",
    )
    log: str = setting(PROCESS, "text", choice(*LOG_FORMS), "Form of the log on standard error.")
    failpoint: str = setting(
        PROCESS,
        "",
        failpoint(is_known, POINTS),
        "For tests: the worker kills itself at the N-th pass of a step, or with `:stop` is"
        " stopped there.",
    )

    def __post_init__(self) -> None:
        """Refuse what could not work, naming the variable."""
        for each in fields(Settings):
            for complaint in complaints(each, getattr(self, each.name)):
                raise BadSetting(complaint)
        if self.kafka_security.startswith("SASL") and not (self.kafka_user and self.kafka_password):
            raise BadSetting(
                f"{PREFIX}KAFKA_SECURITY={self.kafka_security} needs {PREFIX}KAFKA_USER and"
                f" {PREFIX}KAFKA_PASSWORD (or {PREFIX}KAFKA_PASSWORD_FILE)"
            )
        if self.small_deal > self.large_deal:
            raise BadSetting(f"{PREFIX}SMALL_DEAL is above {PREFIX}LARGE_DEAL; swap them")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings; an unknown `SALES_KPIS_` name or a bad value is a BadSetting."""
        environment = os.environ if environment is None else environment
        return replace(cls(), **read_all(fields(cls), environment))

    @property
    def secret(self) -> bytes:
        """The key under which merged and erased subjects are remembered, never their names."""
        return (self.erasure_key or self.app).encode()

    def clock(self) -> int:
        """The time in milliseconds: the fixed `now` if there is one, else the machine's."""
        return time.time_ns() // 1_000_000 if self.now is None else self.now


# Each can be named by file as well, as `SALES_KPIS_TOKEN_FILE`: an environment is seen by many.
SECRETS = tuple(each.name for each in fields(Settings) if declared(each).kind.is_secret)


def instant(written: str, name: str) -> int:
    """Read an RFC 3339 time with an offset as milliseconds since the epoch."""
    try:
        return milliseconds(written)
    except ValueError as error:
        raise BadSetting(f"{name}={written!r} {error}") from error
