"""The names of a KPI's gauges in Prometheus, in base units, and their help texts."""

from dataclasses import dataclass

from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi

_SUFFIX = {
    "ms": "_seconds",
    "count": "",
    "ratio": "_ratio",
    "per_1000": "_per_1000",
    "score": "_score",
}
_SCALE = {"ms": 0.001}
TARGET = "sales_kpi_target"
ATTAINMENT = "sales_kpi_attainment_ratio"
PACE = "sales_kpi_pace_ratio"
# One gauge each for all KPIs, distinguished by the label `kpi`: there are few targets.
AIMED = {
    TARGET: "What a KPI should come to in the window, in the unit of its own gauge.",
    ATTAINMENT: "How much of its target a KPI has reached; where lower is better, the target"
    " by the value.",
    PACE: "How a KPI stands against what its target asks for by now: 1 is on pace.",
}


@dataclass(frozen=True, slots=True)
class Naming:
    """One KPI's gauges: that of the value, and one for each percentile.

    `scale` converts a published number to the gauge's unit; `unit` is the unit that records must
    have. A KPI that `is_labelled` has one series per label instead of one of the value.
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


def naming(kpi: Kpi | Derived, currency: str) -> Naming:
    """Return the names of a KPI's gauges: `sales_`, the KPI, its base unit."""
    if kpi.unit == "money":
        suffix, unit = f"_{currency.lower()}", f"money:{currency}"
    elif kpi.unit == "money_per_day":
        # The currency ends the name: dashboards read it there.
        suffix, unit = f"_per_day_{currency.lower()}", f"money:{currency}/day"
    else:
        suffix, unit = _SUFFIX[kpi.unit], kpi.unit
    return Naming(
        name=f"sales_{kpi.name}{suffix}",
        percentiles={p: f"sales_{kpi.name}_{p}{suffix}" for p in kpi.percentiles},
        unit=unit,
        scale=_SCALE.get(kpi.unit, 1.0),
        is_labelled=kpi.kind == "counts",
        text=" ".join(kpi.text.split()),
    )
