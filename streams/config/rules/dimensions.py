"""The table `[dimensions]`: a company's own dimensions, each with the entity that carries it."""

from streams.config.rules.table import Table
from streams.engine.catalogue.definitions import Carrier, OwnDimension
from streams.engine.catalogue.dimensions import DIMENSIONS, OWN_PLACES, ROLLED_UP
from streams.engine.catalogue.kpi import NAME

CARRIERS: tuple[Carrier, ...] = ("deal", "lead", "account")
# Names that mean something else where a scope is written: in records, in keys, to Prometheus.
RESERVED = (*DIMENSIONS, *ROLLED_UP, "all", "value", "window", "kpi", "label", "dimension")
LONGEST = 64


def parse(table: Table) -> tuple[OwnDimension, ...]:
    """Read the table, in the order of the file. Raises BadSetting for an invalid rule."""
    names = table.names()
    for name in names[OWN_PLACES:]:
        table.reject(name, "is one too many", f"a company may have {OWN_PLACES} of its own")
    found = []
    for name in names:
        if not NAME.fullmatch(name) or len(name) > LONGEST:
            wanted = f"give it small letters, digits and _, at most {LONGEST}"
            table.reject(name, "cannot be a name", wanted)
        if name in RESERVED:
            table.reject(name, "is a name that has a meaning already", "give it another one")
        found.append(OwnDimension(name, table.choice(name, CARRIERS)))
    table.finish()
    return tuple(found)
