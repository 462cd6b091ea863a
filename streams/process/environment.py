"""The environment of child processes that are to have the settings of this one."""

import os
from collections.abc import Mapping
from dataclasses import fields

from streams.config.environment import variables
from streams.config.settings import PREFIX, Settings


def environment(settings: Settings) -> dict[str, str]:
    """Return this program's environment with exactly these settings in it.

    A fixed `now` cannot be passed on and must not be set.
    """
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    written: dict[str, str] = {}
    for field in fields(settings):
        value = None if field.name == "now" else getattr(settings, field.name)
        written |= {PREFIX + name: _text(one) for name, one in variables(field, value).items()}
    return inherited | written


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ",".join(f"{name}={it}" for name, it in value.items())
    return ",".join(value) if isinstance(value, tuple) else str(value)
