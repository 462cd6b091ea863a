"""The series that a query has to answer, by the records that `dump` prints."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tests.deploy.grafana.expected_panels import (
    CHOSEN,
    COMPANY_OR_TEAM,
    ONE_REP,
    OfTargets,
    Shown,
)

ALL_TEAMS = "^$"
Series = dict[tuple[tuple[str, str], ...], float]


def current(records: Iterable[dict[str, Any]], now: str) -> list[dict[str, Any]]:
    """Return the records of the windows that run at an instant."""
    at = datetime.fromisoformat(now)
    return [
        record
        for record in records
        if datetime.fromisoformat(record["start"]) <= at < datetime.fromisoformat(record["end"])
    ]


def is_of(record: dict[str, Any], of: str, choice: Mapping[str, str]) -> bool:
    scope: dict[str, str] = record["scope"]
    if of == COMPANY_OR_TEAM:
        return scope == ({} if choice["team"] == ALL_TEAMS else {"team": choice["team"]})
    if of == ONE_REP:
        return scope == {"rep": choice["rep"]}
    return set(scope) == {of}


def in_base_unit(record: dict[str, Any], number: str | float) -> float:
    return float(number) / 1000 if record["unit"] == "ms" else float(number)


def whose(record: dict[str, Any]) -> dict[str, str]:
    for dimension, value in record["scope"].items():
        return {"dimension": dimension, "value": value}
    return {"dimension": "all"}


def shown_series(found: list[dict[str, Any]], shown: Shown, choice: Mapping[str, str]) -> Series:
    """What a query has to answer, by the records of `dump`."""
    window = choice["window"] if shown.window == CHOSEN else shown.window
    series: Series = {}
    for record in found:
        if record["kpi"] != shown.kpi or record["window"] != window:
            continue
        if not is_of(record, shown.of, choice):
            continue
        labels = whose(record)
        if shown.of not in (COMPANY_OR_TEAM, ONE_REP):
            del labels["dimension"]
        if shown.part == "counts":
            series |= {
                (("label", label),): float(count)
                for label, count in record["parts"]["counts"].items()
            }
            continue
        part = record if shown.part in ("value", "target") else record["percentiles"]
        if part[shown.part] is not None:
            series[tuple(sorted(labels.items()))] = in_base_unit(record, part[shown.part])
    return series


def target_series(
    found: list[dict[str, Any]],
    shown: OfTargets,
    choice: Mapping[str, str],
    windows: tuple[str, ...],
) -> Series:
    return {
        tuple(
            sorted({"kpi": record["kpi"], "window": record["window"], **whose(record)}.items())
        ): record[shown.part]
        for record in found
        if record[shown.part] is not None
        and record["window"] in windows
        and is_of(record, shown.of, choice)
    }
