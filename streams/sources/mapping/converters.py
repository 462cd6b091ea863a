"""Converters: each makes a function of a value. They raise Unfit, and give ABSENT for nothing."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from streams.sources import identity
from streams.sources.mapping import numbers, times
from streams.sources.mapping.fields import Converter, is_nothing
from streams.sources.mapping.scope import Scope, Unfit
from streams.sources.mapping.targets import plain_text
from streams.sources.paths import ABSENT, Path


def joined(glue: str) -> Converter:
    """Join the values of a list."""
    return lambda value, _: glue.join(map(plain_text, value))


def after(mark: str) -> Converter:
    """Give what follows the last mark; the whole text without one."""
    return lambda value, _: plain_text(value).rpartition(mark)[2] or ABSENT


def before(mark: str) -> Converter:
    """Give what stands before the first mark; the whole text without one."""
    return lambda value, _: plain_text(value).partition(mark)[0] or ABSENT


def digits(value: Any, _: Scope) -> Any:
    """Give the digits of a text alone."""
    return "".join(each for each in plain_text(value) if "0" <= each <= "9") or ABSENT


def lower(value: Any, _: Scope) -> Any:
    """Give a text in small letters, without blanks around it."""
    return plain_text(value).strip().lower()


def upper(value: Any, _: Scope) -> Any:
    """Give a text in capitals, without blanks around it."""
    return plain_text(value).strip().upper()


def translated(table: Mapping[str, str], name: str, other: str | None) -> Converter:
    """Look a value up; one that is not there is `other`, or unfit without one."""

    def convert(value: Any, _: Scope) -> Any:
        text = plain_text(value)
        found = table.get(text)
        if found is None:
            found = table.get(text.strip(), other)
        if found is None:
            raise Unfit(f"{numbers.shown(text)} is not in {name}, which has no else")
        if found == "@none":
            return ABSENT
        return value if found == "@value" else found

    return convert


def scaled_by(factor: Decimal, *, divided: bool) -> Converter:
    """Multiply or divide by a number."""
    return lambda value, _: numbers.scaled(numbers.number(value), factor, divided=divided)


def absolute(value: Any, _: Scope) -> Any:
    """Give a number without its sign."""
    return numbers.number(value).copy_abs()


def minus(other: Path) -> Converter:
    """Subtract another number of the item."""

    def convert(value: Any, scope: Scope) -> Any:
        less = other(scope.item)
        if is_nothing(less):
            raise Unfit("what is to be subtracted is not there")
        return numbers.difference(numbers.number(value), numbers.number(less))

    return convert


def money(unit: str, comma: str, places: Mapping[str, int] | None) -> Converter:
    """Read an amount as decimal text in major units."""
    return lambda value, scope: numbers.money(value, unit, comma, scope, places)


def time(form: str, zone: ZoneInfo | None) -> Converter:
    """Read a time as RFC 3339 in UTC."""
    return lambda value, _: times.text(times.instant(value, form, zone))


def date(form: str, zone: ZoneInfo | None) -> Converter:
    """Read a date."""
    return lambda value, _: times.day(value, form, zone).isoformat()


def link(kind: str, defaults: Mapping[str, str]) -> Converter:
    """Name a subject: a record of the source, or a person by number or address."""

    def record(value: Any, scope: Scope) -> Any:
        return identity.subject(scope.origin, kind, plain_text(value).strip())

    def person(value: Any, scope: Scope) -> Any:
        text = plain_text(value)
        normal = identity.email(text) if kind == identity.EMAIL else identity.phone(text, defaults)
        return ABSENT if is_nothing(normal) else identity.person(kind, normal or "", scope.key)

    def rep(value: Any, _: Scope) -> Any:
        return f"{identity.REP}:{plain_text(value).strip()}"

    if kind == identity.REP:
        return rep
    return person if kind in (identity.PHONE, identity.EMAIL) else record
