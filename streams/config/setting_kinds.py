"""Kinds of settings: how a text is read, which values are allowed, and how a page shows both."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHARE = re.compile(r"0(\.[0-9]+)?|1(\.0+)?")
WEIGHT = re.compile(r"[0-9]{1,6}")
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
TOKEN_LENGTH = 24


def anything(_: object) -> None:
    """Allow every value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What may be written for one setting.

    Attributes:
        range: The allowed values, as the settings page shows them.
        read: Turns the text of a variable into a value. Raises ValueError, whose message
            completes the sentence "VARIABLE=text ...".
        complaint: Completes the same sentence for a value that is not allowed; None allows it.
        unit: The unit of a number.
        is_secret: Whether the value is hidden, and may come from a file.
    """

    range: str
    read: Callable[[str], object] = str
    complaint: Callable[[Any], str | None] = anything
    unit: str = ""
    is_secret: bool = False


def number(low: int, high: int, unit: str = "") -> Kind:
    """Allow whole numbers between two bounds, both included."""

    def complaint(value: int) -> str | None:
        return None if low <= value <= high else f"is not between {low} and {high}"

    return Kind(range=f"{low} to {high}", read=whole, complaint=complaint, unit=unit)


def optional_number(low: int, high: int, unit: str = "") -> Kind:
    """Allow what `number` allows; an empty text is None."""
    kind = number(low, high, unit)
    return replace(
        kind,
        read=lambda written: whole(written) if written else None,
        complaint=lambda value: None if value is None else kind.complaint(value),
    )


def choice(*options: str) -> Kind:
    """Allow some options."""

    def complaint(value: str) -> str | None:
        return None if value in options else f"is none of {', '.join(options)}"

    return Kind(range=", ".join(f"`{option}`" for option in options), complaint=complaint)


def text(form: str, complaint: Callable[[str], str | None] = anything) -> Kind:
    """Allow texts of a form that `complaint` checks."""
    return Kind(range=form, complaint=complaint)


def secret(form: str, complaint: Callable[[str], str | None] = anything) -> Kind:
    """Allow texts of a form, which are never shown."""
    return Kind(range=form, complaint=complaint, is_secret=True)


def optional_path(form: str) -> Kind:
    """Allow a path; an empty text is None."""
    return Kind(range=form, read=lambda written: Path(written) if written else None)


def folder() -> Kind:
    """Allow the path of a folder, which is created when it is needed."""
    return Kind(range="path of a folder", read=Path)


def optional_instant() -> Kind:
    """Allow a time with an offset, read as milliseconds; an empty text is None."""
    return Kind(
        range="RFC 3339 with an offset, `2026-03-02T09:15:00+03:30`",
        read=lambda written: milliseconds(written) if written else None,
    )


def shares() -> Kind:
    """Allow decimal shares by name, `proposal=0.4,negotiation=0.7`."""
    form = "proposal=0.4,negotiation=0.7"

    def read(written: str) -> Mapping[str, str]:
        return MappingProxyType(dict(_pairs(written, SHARE, form)))

    return Kind(range=f"shares from 0 to 1 by stage, `{form}`", read=read)


def names(form: str) -> Kind:
    """Allow different names in their order, with commas between them."""

    def read(written: str) -> tuple[str, ...]:
        found = tuple(name for part in written.split(",") if (name := part.strip()))
        twice = {name for name in found if found.count(name) > 1}
        if twice:
            raise ValueError(f"names {min(twice)!r} twice; once is enough")
        return found

    return Kind(range=form, read=read)


def some_of(*options: str) -> Kind:
    """Allow at least one of some names, each once."""

    def complaint(value: tuple[str, ...]) -> str | None:
        known = ", ".join(options)
        if unknown := set(value) - set(options):
            return f"names {min(unknown)!r}, which is none of {known}"
        return None if value else f"names nothing; known: {known}"

    known = ", ".join(f"`{option}`" for option in options)
    return replace(names(f"some of {known}"), complaint=complaint)


def weights(defaults: Mapping[str, int]) -> Kind:
    """Allow whole numbers by some names; a name that is left out keeps its default."""
    form = "complaint=3,closing_request=5"

    def read(written: str) -> Mapping[str, int]:
        given = {name: int(weight) for name, weight in _pairs(written, WEIGHT, form)}
        if unknown := given.keys() - defaults.keys():
            known = ", ".join(defaults)
            raise ValueError(f"names {min(unknown)!r}, which is no kind of ticket; known: {known}")
        return MappingProxyType({**defaults, **given})

    return Kind(range=f"0 to 999999 by kind of ticket, `{form}`", read=read)


def whole(written: str) -> int:
    """Read a whole number."""
    try:
        return int(written)
    except ValueError:
        raise ValueError("is not a whole number") from None


def milliseconds(written: str) -> int:
    """Read an RFC 3339 time with an offset as milliseconds since the epoch."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("is no time with an offset; try 2026-03-02T09:15:00+03:30")
    return (moment - EPOCH) // timedelta(milliseconds=1)


def zone_complaint(value: str) -> str | None:
    """Complain about a text that names no IANA time zone."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "is no IANA time zone; try Europe/Berlin or UTC"
    return None


def history_complaint(value: str) -> str | None:
    """Complain about an address of another database than those that keep a history."""
    scheme, separator, _ = value.partition("://")
    if not separator or scheme in ("postgresql", "postgres"):
        return None
    return "must be the path of a SQLite file, or begin with postgresql://"


def token_complaint(value: str) -> str | None:
    """Complain about a token that is too short or has other signs than a header may have."""
    if not value or all(
        len(token) >= TOKEN_LENGTH and TOKEN.fullmatch(token) for token in value.split(",")
    ):
        return None
    return (
        f"must be {TOKEN_LENGTH} or more of A-Z a-z 0-9 . _ ~ + / -, several with commas"
        " between; try: openssl rand -hex 24"
    )


def currency_complaint(value: str) -> str | None:
    """Complain about a text that is no currency code."""
    return None if re.fullmatch("[A-Z]{3}", value) else "is no ISO 4217 code; try EUR"


def failpoint(is_known: Callable[[str], bool], points: Collection[str]) -> Kind:
    """Allow the name of a failpoint and which pass of it, or nothing."""

    def complaint(value: str) -> str | None:
        if is_known(value):
            return None
        return f"is not like {next(iter(points))}:3; known: {', '.join(points)}"

    known = ", ".join(f"`{point}`" for point in points)
    return Kind(range=f"`POINT:N` or `POINT:N:stop`; points: {known}", complaint=complaint)


def _pairs(written: str, value: re.Pattern[str], form: str) -> list[tuple[str, str]]:
    """Read `name=value,other=value`."""
    found = []
    for part in written.split(","):
        if not part.strip():
            continue
        name, _, given = (each.strip() for each in part.partition("="))
        if not name or not value.fullmatch(given):
            raise ValueError(f"is not like {form}")
        found.append((name, given))
    return found
