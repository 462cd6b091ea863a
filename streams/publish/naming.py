"""What a KPI is called in Prometheus: names in base units, and the text beside them."""

from dataclasses import dataclass

from streams.engine.catalogue import Kpi
from streams.engine.measures import SPREAD

PERCENTILES = ("p50", "p90")
_SUFFIX = {"ms": "_seconds", "count": "", "ratio": "_ratio", "per_1000": "_per_1000"}
_SCALE = {"ms": 0.001}


@dataclass(frozen=True, slots=True)
class Naming:
    """One KPI's gauges: the value's, and one a percentile where it has percentiles.

    `scale` turns a published number into the gauge's unit; `unit` is the unit that records
    must carry. `is_labelled` tells that it has a gauge a label instead of one of the value.
    """

    name: str
    percentiles: dict[str, str]
    unit: str
    scale: float
    is_labelled: bool
    text: str

    @property
    def families(self) -> dict[str, str]:
        """Every gauge's name with its help text."""
        return {
            self.name: self.text,
            **{name: f"The {p} of: {self.text}" for p, name in self.percentiles.items()},
        }


def naming(kpi: Kpi, currency: str) -> Naming:
    """Name a KPI's gauges: `sales_`, the KPI, its base unit."""
    if kpi.unit == "money":
        suffix, unit = f"_{currency.lower()}", f"money:{currency}"
    else:
        suffix, unit = _SUFFIX[kpi.unit], kpi.unit
    ranks = PERCENTILES if kpi.measure is SPREAD else ()
    return Naming(
        name=f"sales_{kpi.name}{suffix}",
        percentiles={p: f"sales_{kpi.name}_{p}{suffix}" for p in ranks},
        unit=unit,
        scale=_SCALE.get(kpi.unit, 1.0),
        is_labelled=kpi.measure.kind == "counts",
        text=" ".join(kpi.text.split()),
    )
