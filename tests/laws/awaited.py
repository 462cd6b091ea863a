"""What the oracle knows already and the product does not publish yet.

Every entry goes as soon as its part of the product is there.
"""

from collections.abc import Mapping
from typing import Any

from tests.oracle.catalogue import KPIS

TYPES = ("subject.merged", "subject.erased")
MEASURES = ("forecast",)


def is_awaited(record: Mapping[str, Any]) -> bool:
    """Tell whether the record is of a KPI that is awaited."""
    return KPIS[record["kpi"]].measure in MEASURES


def without(records: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Leave out the records that are awaited."""
    return {key: record for key, record in records.items() if not is_awaited(record)}
