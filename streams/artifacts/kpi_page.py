"""The generated page of the catalogue: every KPI, by the question it answers."""

from collections.abc import Iterator
from pathlib import Path

from streams.config.settings import Settings
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.derived import KINDS, Derived
from streams.engine.catalogue.kpi import Kpi
from streams.output.records.kpi_record import PARTS
from streams.wiring.catalogue import catalogue
from streams.wiring.describe import questions

FILE = "kpis.md"
UNITS = {"money": "money:…", "money_per_day": "money:…/day"}
INTRODUCTION = """\
# The KPIs

Generated from the catalogue by `make generated`.

- **Windows.** Every KPI has the windows `day`, `week`, `month`, `quarter`, `year`, `last_7d`,
  `last_15d`, `last_30d` and `last_90d` unless its row says otherwise.
- **Scopes.** It is published for each of its scopes: `all`, or one value of one dimension.
- **Targets.** A record with a target has `attainment`: value / target, or target / value where
  lower is better.
- **Formula.** It applies to the facts of one window and scope. A ratio over zero is null.
- **Source.** Where the definition comes from. "The contract" marks a definition of this project.
"""


def write(folder: Path) -> Path:
    """Write the page of the default catalogue into a folder and give its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(page(catalogue(Settings())))
    return path


def page(catalogue: Catalogue) -> str:
    """Give the page, the same for the same catalogue."""
    lines = [INTRODUCTION]
    for question, kpis in questions(catalogue).items():
        lines += [
            f"## {question}",
            "",
            "| KPI | meaning | formula | source | unit | better | scopes | measure: parts |",
            "|---|---|---|---|---|---|---|---|",
            *map(_line, kpis),
            "",
        ]
    return "\n".join(lines)


def _line(kpi: Kpi | Derived) -> str:
    scopes = ", ".join(f"`{scope}`" for scope in kpi.published_scopes)
    unit = UNITS.get(kpi.unit, kpi.unit)
    return (
        f"| `{kpi.name}` | {_cell(kpi.text)}{_windows(kpi)} | {_cell(kpi.formula)}"
        f" | {_cell(kpi.source)} | `{unit}` | {kpi.better} | {scopes}"
        f" | {kpi.kind}: {', '.join(_parts(kpi))} |"
    )


def _cell(text: str) -> str:
    """Write a text as one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def _windows(kpi: Kpi | Derived) -> str:
    """Name its windows where they are not the usual ones."""
    if not isinstance(kpi, Derived):
        return " Also by the `hour`." if kpi.hourly else ""
    if not kpi.kinds:
        return " Its windows are named by rules; without rules it has no records."
    running = " that run now" if kpi.is_running_only else ""
    if kpi.kinds == KINDS and not running:
        return ""
    return f" Windows{running}: {', '.join(f'`{kind}`' for kind in kpi.kinds)}."


def _parts(kpi: Kpi | Derived) -> Iterator[str]:
    names = kpi.shown if isinstance(kpi, Derived) else PARTS[kpi.kind].__struct_fields__
    for name in (*names, *kpi.percentiles):
        yield f"`{name}`"
