"""A digest of what cells depend on besides records: the code that counts, and the definitions.

It has more in it than is needed: whatever may change a cell must change it, and a digest that
changes without need costs one slow start.
"""

import sys
import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from streams.config.declaration import declared
from streams.config.rules import Rules
from streams.config.settings import DEFINITIONS, REPORTING, Settings
from streams.engine.aggregate.tombstones import Pseudonyms
from streams.engine.catalogue.catalogue import Catalogue

DIGEST_BYTES = 16
PACKAGE = Path(__file__).parents[1]
# What counts, and what makes definitions of settings and rules.
ROOMS = ("events", "journeys", "kpis", "alerts", "engine", "config", "wiring")
# When records are published, and to whom, is no matter of cells.
OTHER_SETTINGS = frozenset(("now", "publish_interval_ms", "rules"))
OTHER_RULES = frozenset(("notify", "page"))
TZ_SOURCE = "tzdata.zi"


def fingerprint(catalogue: Catalogue, settings: Settings, rules: Rules) -> str:
    """A digest of the code and the definitions in force."""
    reported = {
        each.name: getattr(settings, each.name)
        for each in fields(Settings)
        if declared(each).group in (REPORTING, DEFINITIONS) and each.name not in OTHER_SETTINGS
    }
    ruled = {
        each.name: getattr(rules, each.name)
        for each in fields(Rules)
        if each.name not in OTHER_RULES
    }
    counted = [(kpi.name, _described(kpi.facts)) for kpi in catalogue.kpis]
    alerts = [kind.name for kind, _ in catalogue.alerts]
    # Sets out of memory are known by their pseudonyms.
    key = Pseudonyms(settings.secret).check.hex()
    content = reported, ruled, counted, alerts, settings.partitions, key
    digest = blake2b(_code_digest(), digest_size=DIGEST_BYTES)
    digest.update(msgspec.json.encode(content, order="deterministic", enc_hook=_described))
    return digest.hexdigest()


def _described(value: Any) -> str:
    """Describe what has no form of its own in JSON; the same in every process."""
    name = getattr(value, "__qualname__", None)
    text = repr(value) if name is None else f"{value.__module__}.{name}"
    if " at 0x" in text:
        raise TypeError(f"{text} has no description that is the same in every process")
    return text


@lru_cache(maxsize=1)
def _code_digest() -> bytes:
    """A digest of the code that counts, and of the libraries and time zones that it reads.

    It is that of the files as they are at the start of a process.
    """
    digest = blake2b(digest_size=DIGEST_BYTES)
    digest.update(sys.version.encode())
    for path in (*_rooms(), *_own_modules(), *_time_zones()):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    digest.update("\n".join(_libraries()).encode())
    return digest.digest()


def _rooms() -> Iterator[Path]:
    """The files of the rooms, compiled modules too."""
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*")):
            if path.suffix in (".py", ".so", ".pyd"):
                yield path


def _own_modules() -> list[Path]:
    """The files of modules that are of no library: a company's own KPIs, and what they import."""
    libraries = {Path(entry) for entry in sys.path if _is_library(entry)}
    standard = Path(zoneinfo.__file__).parents[1]
    found = {
        Path(file)
        for name, module in list(sys.modules.items())
        if name != "__main__"
        and (file := getattr(module, "__file__", None))
        and Path(file).suffix != ".pyc"
    }
    return sorted(
        path
        for path in found
        if not path.is_relative_to(PACKAGE)
        and not path.is_relative_to(standard)
        and not any(path.is_relative_to(library) for library in libraries)
    )


def _libraries() -> Iterable[str]:
    """The names and versions of the installed packages."""
    return sorted(
        path.name
        for entry in sys.path
        if _is_library(entry)
        for path in Path(entry).glob("*.dist-info")
    )


def _is_library(entry: str) -> bool:
    return Path(entry).name in ("site-packages", "dist-packages")


def _time_zones() -> Iterator[Path]:
    """The time zones of the operating system; a package of them is one of the libraries."""
    for folder in map(Path, zoneinfo.TZPATH):
        source = folder / TZ_SOURCE
        if source.is_file():
            yield source
        elif folder.is_dir():
            yield from sorted(path for path in folder.rglob("*") if path.is_file())
