"""How a setting is declared, and how its text is read from the environment or a file."""

from dataclasses import Field, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from streams.config.setting_kinds import Kind

T = TypeVar("T")

PREFIX = "SALES_KPIS_"


class BadSetting(Exception):
    """A setting that cannot be used; the message names it and says what would do."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What is known of a setting beside its default.

    `family` begins the names of several variables, one for each source: the field maps sources to
    values, and `kind` is that of one value.
    """

    group: str
    kind: Kind
    meaning: str
    family: str = ""


def setting(group: str, default: T, kind: Kind, meaning: str, family: str = "") -> T:
    """Declare one field of `Settings`."""
    return field(
        # A factory, for a mapping counts as a mutable default.
        default_factory=lambda: default,
        repr=not kind.is_secret,
        metadata={"declared": Declared(group, kind, meaning, family)},
    )


def declared(found: "Field[Any]") -> Declared:
    """Give what a field of `Settings` was declared with."""
    declaration: Declared = found.metadata["declared"]
    return declaration


def read(kind: Kind, variable: str, written: str) -> object:
    """Read one setting's text as its kind says."""
    try:
        return kind.read(written)
    except ValueError as error:
        raise BadSetting(f"{variable}={written!r} {error}") from error


def from_file(variable: str, file: str) -> str:
    """Read a secret from the file that a variable names; white space around it is not part."""
    try:
        return Path(file).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{variable}={file!r} cannot be read: {error}") from error
