"""A CRM with a layout of its exports, and files of it."""

from collections.abc import Sequence
from pathlib import Path

from streams.sources.loading import sources
from streams.sources.source import Source

MAPPING = """
source = "acme"
[defaults]
currency = "EUR"
[file.deals]
needs = ["id", "stage"]
numbers = ["amount"]
decimal = ","
times = ["changed"]
formats = ["%d.%m.%Y %H:%M"]
[file.deals.columns]
id = ["ID"]
stage = ["Stage"]
amount = ["Budget"]
changed = ["Changed at"]
[file.deals.add]
status = { from = "stage", table = "status", else = "open" }
[[file.deals.event]]
name = "deal"
when = "stage != 'Draft'"
type = "deal.changed"
id = ["id", "changed"]
at = { from = "changed", time = "iso", zone = "Europe/Berlin" }
subject = { from = "id", link = "deal" }
deal = "id"
stage = "stage"
status = "status"
amount = { from = "amount", money = "major" }
currency = { default = "currency" }
[table.status]
Sold = "won"
"""
HEADER = "ID;Stage;Budget;Changed at\r\n"
SOLD = "7;Sold;1.250,50;02.03.2026 09:15\r\n"
DRAFT = "8;Draft;;\r\n"
BAD_AMOUNT = "9;Sold;twelve;02.03.2026 09:15\r\n"
BAD_TIME = "10;Sold;12;\r\n"


def acme(folder: Path, mapping: str = MAPPING) -> Source:
    """Load the mapping file from a folder of its own."""
    path = folder / "sources"
    path.mkdir(exist_ok=True)
    (path / "acme.toml").write_text(mapping)
    return sources(path)["acme"]


def file(folder: Path, rows: Sequence[str], encoding: str = "utf-8-sig") -> Path:
    path = folder / "deals.csv"
    path.write_bytes("".join((HEADER, *rows)).encode(encoding))
    return path
