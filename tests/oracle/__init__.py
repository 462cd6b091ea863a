"""The slow twin of the engine: every KPI computed from all events at once, by nested loops.

It shares no code with the product and knows nothing of Kafka, shards, cells or deltas: events
in, the records that `sales.kpis` must hold out. Where both disagree, one of them misreads
`KPIS.md`.
"""

from tests.oracle.publishing.comparison import difference
from tests.oracle.publishing.records import published, records

__all__ = ["difference", "published", "records"]
