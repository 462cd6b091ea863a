"""The files that the environment names: rules, certificates, secrets."""

import os
from collections.abc import Mapping
from pathlib import Path

from streams.config.settings import PREFIX, SECRETS

NAMES = (
    *("RULES", "KAFKA_CA", "KAFKA_CERTIFICATE", "KAFKA_KEY"),
    *(f"{name.upper()}_FILE" for name in SECRETS),
)


def input_files(environment: Mapping[str, str] | None = None) -> dict[str, Path]:
    """Return the path of each by the variable that names it."""
    found = os.environ if environment is None else environment
    variables = (f"{PREFIX}{name}" for name in NAMES)
    return {name: Path(found[name]) for name in variables if found.get(name)}
