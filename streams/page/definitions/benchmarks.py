"""Lines that a number is measured by: docs/reference/kpis.md gives the source."""

from collections.abc import Mapping

# In the KPI's unit.
BENCHMARKS: Mapping[str, float] = {"response_time": 3_600_000.0, "contact_quality": 32.0}
