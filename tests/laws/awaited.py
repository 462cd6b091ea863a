"""What the oracle knows already and the product does not publish yet.

Every entry goes as soon as its part of the product is there.
"""

from collections.abc import Mapping
from typing import Any

from tests.oracle.catalogue import KPIS

TYPES = ("subject.merged", "subject.erased", "target.set")
MEASURES = ("derived", "forecast")
FIELDS = ("rank", "pace", "projected")


def is_awaited(record: Mapping[str, Any]) -> bool:
    """Tell whether the record is of a KPI that is awaited."""
    return KPIS[record["kpi"]].measure in MEASURES


def trimmed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the fields that are awaited."""
    return {field: value for field, value in record.items() if field not in FIELDS}


def without(records: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Leave out the records and fields that are awaited."""
    return {key: trimmed(record) for key, record in records.items() if not is_awaited(record)}
