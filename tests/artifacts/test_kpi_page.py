"""The committed page of the catalogue is what the code says."""

from pathlib import Path

from streams.artifacts.kpi_page import (
    FILE,
    page,
    write,
)
from streams.config.settings import Settings
from streams.wiring.catalogue import catalogue

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / FILE


def test_committed_page_matches_the_catalogue() -> None:
    assert COMMITTED.read_text() == page(catalogue(Settings())), "run: make generated"


def test_page_has_a_line_for_every_published_kpi(tmp_path: Path) -> None:
    rows = [line for line in write(tmp_path).read_text().splitlines() if line.startswith("| `")]
    named = [row.split("`")[1] for row in rows]
    assert sorted(named) == sorted(kpi.name for kpi in catalogue(Settings()).published)


def test_line_has_formula_source_unit_direction_scopes_and_parts() -> None:
    text = page(catalogue(Settings()))
    (row,) = [line for line in text.splitlines() if line.startswith("| `days_to_pay` ")]
    assert row == (
        "| `days_to_pay` | From an invoice's issue until payments and credits covered it."
        " An invoice that was paid before it was issued took no time."
        " | mean, p50, p90 of (full payment − issue)"
        " | average days to pay, accounting's term: per invoice what days sales outstanding (DSO)"
        " is for the total | `ms` | lower"
        " | `all`, `rep`, `team`, `account` | mean: `sum`, `count`, `p50`, `p90` |"
    )
