"""What the oracle knows already and the product does not publish yet.

Every entry goes as soon as its part of the product is there.
"""

from collections.abc import Mapping
from typing import Any

from tests.oracle.catalogue import KPIS

TYPES = ("subject.merged", "subject.erased", "target.set")
MEASURES = ("derived", "forecast")
FIELDS = ("rank", "pace", "projected")


def without(records: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Leave out the records and fields that are awaited."""
    return {
        key: {field: value for field, value in record.items() if field not in FIELDS}
        for key, record in records.items()
        if KPIS[record["kpi"]].measure not in MEASURES
    }
