"""The files that the environment names: rules, certificates, secrets."""

import os
from collections.abc import Mapping
from pathlib import Path

from streams.config.settings import PREFIX

NAMES = ("RULES", "KAFKA_CA", "KAFKA_CERTIFICATE", "KAFKA_KEY")


def input_files(environment: Mapping[str, str] | None = None) -> dict[str, Path]:
    """Return the path of each by the variable that names it."""
    found = os.environ if environment is None else environment
    named = {f"{PREFIX}{name}" for name in NAMES}
    return {
        name: Path(path)
        for name, path in found.items()
        if path and (name in named or (name.startswith(PREFIX) and name.endswith("_FILE")))
    }
