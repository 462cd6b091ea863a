"""What happened in a run, as a table and as JSON."""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

from rich.console import Console
from rich.table import Table


def percentiles(seconds: Sequence[float]) -> dict[str, Any]:
    """Give count, p50, p95 and the longest of some durations."""
    if not seconds:
        return {"count": 0}
    cuts = quantiles([*seconds, *seconds], n=20, method="inclusive")
    return {
        "count": len(seconds),
        "p50_s": round(cuts[9], 1),
        "p95_s": round(cuts[18], 1),
        "max_s": round(max(seconds), 1),
    }


def recovery(found: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """Sort recovery times by what they were from, all of them first."""
    kinds: defaultdict[str, list[float]] = defaultdict(list)
    for kind, seconds in found:
        kinds["all"].append(seconds)
        kinds[kind].append(seconds)
    return {kind: percentiles(seconds) for kind, seconds in kinds.items()}


def show(report: dict[str, Any], to: Path | None) -> None:
    """Print the table, and write the JSON if it is wanted."""
    table = Table("what", "figure", title=report["title"])
    for name, value in report.items():
        if name in ("title", "wrong", "waits"):
            continue
        if isinstance(value, dict):
            for key, each in value.items():
                text = (
                    each
                    if not isinstance(each, dict)
                    else "  ".join(f"{k} {v}" for k, v in each.items())
                )
                table.add_row(f"{name}: {key}", str(text))
        else:
            table.add_row(name, str(value))
    console = Console()
    console.print(table)
    for line in report["waits"]:
        console.print(f"WAITS {line}", markup=False, highlight=False)
    for line in report["wrong"]:
        console.print(f"WRONG {line}", style="red", markup=False, highlight=False)
    console.print("VERDICT " + ("wrong" if report["wrong"] else "exact"), style="bold")
    if to is not None:
        to.write_text(json.dumps(report, indent=2) + "\n")
