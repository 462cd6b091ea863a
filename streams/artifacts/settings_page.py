"""`docs/reference/settings.md`: every setting, from its declaration."""

from collections.abc import Iterator, Mapping
from dataclasses import Field, fields
from itertools import groupby
from pathlib import Path
from typing import Any

from streams.config.declaration import declared
from streams.config.environment import name_of
from streams.config.settings import PREFIX, Settings

FILE = "settings.md"
NOT_SET = "not set"
SECRET_NAMES = [name_of(each) for each in fields(Settings) if declared(each).kind.is_secret]
HEAD = f"""# Settings

Generated from the declarations that the program reads its settings with: `make generated`
rewrites this page. [Configuration](../operate/configuration.md) says where to set them.

Each setting is an environment variable: `{PREFIX}` and the name. A name that does not exist, a
text that cannot be read and a value out of its range stop every command with exit code 1 and one
line. The secrets may come from a file instead: `{PREFIX}TOKEN_FILE` names it, and white space
around its content is left out. Setting both is an error. Secrets are never shown; they are
{", ".join(f"`{name}`" for name in SECRET_NAMES)}.
"""


def write(folder: Path) -> Path:
    """Write the page into a folder and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(page(), encoding="utf-8")
    return path


def page() -> str:
    """Return the page; the same declarations give the same text."""
    parts = [HEAD]
    for group, members in groupby(fields(Settings), key=lambda each: declared(each).group):
        head = f"## {group}\n\n| name | default | range | unit | meaning |\n|---|---|---|---|---|\n"
        parts.append(head + "".join(map(_row, members)))
    return "\n".join(parts)


def _row(found: "Field[Any]") -> str:
    it = declared(found)
    name, default = f"`{name_of(found)}`", _default(getattr(Settings(), found.name))
    cells = (name, default, it.kind.range, it.kind.unit, it.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _default(value: object) -> str:
    written = ",".join(_parts(value))
    return f"`{written}`" if written else NOT_SET


def _parts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (f"{name}={each}" for name, each in value.items())
    elif isinstance(value, tuple):
        yield from value
    elif value is not None:
        yield str(value)
