"""The environment of child processes that are to have the settings of this one."""

import os
from collections.abc import Mapping
from dataclasses import fields

from streams.config.settings import PREFIX, Settings


def environment(settings: Settings) -> dict[str, str]:
    """Return this program's environment with exactly these settings in it.

    A fixed `now` cannot be passed on and must not be set.
    """
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    values["now"] = ""
    return inherited | {PREFIX + name.upper(): _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ",".join(f"{name}={it}" for name, it in value.items())
    return ",".join(value) if isinstance(value, tuple) else str(value)
