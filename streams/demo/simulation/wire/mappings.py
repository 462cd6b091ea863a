"""The demo's own mapping files, laid over the shipped ones: reps by name, stages, the currency."""

from collections.abc import Mapping
from pathlib import Path

from streams.demo.simulation.wire.amocrm import STAGES
from streams.demo.simulation.wire.request import REP_NUMBERS

# Without a key to a CRM's API its records are not read.
NOT_READ: Mapping[str, tuple[str, ...]] = {
    "hubspot": ("deal to be read", "contact to be read"),
    "amocrm": ("deal to be read",),
}


def write_mappings(folder: Path, currency: str) -> None:
    """Write the files into a folder, which is made if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    for source, dropped in NOT_READ.items():
        parts = [
            f'source = "{source}"\n',
            f'[defaults]\ncurrency = "{currency}"\n',
            *(f'[[event]]\nname = "{name}"\ndrop = true\n' for name in dropped),
            _table("rep", {number: name for name, number in REP_NUMBERS.items()}),
        ]
        if source == "amocrm":
            parts.append(_table("stage", {number: name for name, number in STAGES.items()}))
        (folder / f"{source}.toml").write_text("\n".join(parts), encoding="utf-8")


def _table(name: str, values: Mapping[str, str]) -> str:
    lines = (f'{key} = "{value}"' for key, value in values.items())
    return "\n".join((f"[table.{name}]", *lines, ""))
