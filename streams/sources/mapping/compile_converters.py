"""Compiling converters: the closed set of what a mapping file can do to a value.

They run in one order, whatever the order in the file: join, after and before, digits, lower and
upper, map or table with else, minus, multiply and divide, then one of money, time, date and link.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.sources.mapping import converters as steps
from streams.sources.mapping.compile_path import compiled_path
from streams.sources.mapping.fields import Converter
from streams.sources.mapping.numbers import MONEY
from streams.sources.mapping.targets import Target
from streams.sources.mapping.times import TIMES, is_pattern, problem
from streams.sources.written import Entry, listed

# What `else` may be beside a text.
AS_IT_IS, LEFT_OUT = "@value", "@none"
# The converter that the form of some fields asks for, and its form where none is written.
_NEEDED = {"money": ("money", "major"), "time": ("time", "auto"), "date": ("date", "auto")}
_ENDS = ("money", "time", "date", "link")

Written = Mapping[str, Entry]
Texts = Mapping[str, str]


def converters(
    written: Written,
    tables: Mapping[str, Texts],
    defaults: Texts,
    target: Target | None,
    kind: str,
) -> tuple[Converter, ...]:
    """Compile the converters of one field. Mistakes are noted."""
    _check_ends(written, kind)
    found = [*_of_texts(written), *_of_tables(written, tables, target), *_of_numbers(written)]
    end = next((name for name in _ENDS if name in written), None)
    needed = _NEEDED.get(kind)
    form = needed[1] if needed else ""
    if end == "link":
        link = written["link"].text()
        if link:
            found.append(steps.link(link, defaults))
    elif needed is not None and end in (None, needed[0]):
        found.append(_end(needed[0], form, written, defaults, tables))
    return tuple(found)


def _check_ends(written: Written, kind: str) -> None:
    """Note the converters to what the field does not hold."""
    fitting = _NEEDED[kind][0] if kind in _NEEDED else "link" if kind == "text" else ""
    for name in _ENDS:
        if name in written and name != fitting:
            advice = f"convert it by {fitting}" if kind in _NEEDED else "leave this out"
            written[name].wrong_key(f"the field holds {_HOLDS.get(kind, 'a text')}: {advice}")


_HOLDS = {
    "money": "money",
    "time": "a time",
    "date": "a date",
    "whole": "a whole number",
    "number": "a number",
    "flag": "true or false",
    "currency": "a currency",
    "decimal": "a number",
}


def _of_texts(written: Written) -> list[Converter]:
    found: list[Converter] = []
    if "join" in written and (glue := written["join"].text()) is not None:
        found.append(steps.joined(glue))
    elif isinstance(getattr(written.get("from"), "value", None), list):
        found.append(steps.joined(" "))
    for name, make in (("after", steps.after), ("before", steps.before)):
        if name in written and (mark := written[name].text()):
            found.append(make(mark))
    for name, convert in (
        ("digits", steps.digits),
        ("lower", steps.lower),
        ("upper", steps.upper),
    ):
        if name in written and _is_true(written[name]):
            found.append(convert)
    return found


def _is_true(entry: Entry) -> bool:
    if entry.value is not True:
        entry.wrong("must be true")
    return entry.value is True


def _of_tables(
    written: Written, tables: Mapping[str, Texts], target: Target | None
) -> list[Converter]:
    if "map" in written and "table" in written:
        written["map"].wrong_key("has a table already: write one of map and table")
    table, name = _table(written, tables)
    other = _other(written, target)
    if table is None:
        if "else" in written and not {"map", "table"} & written.keys():
            written["else"].wrong_key("belongs to a table or map, and there is none")
        return []
    if target is not None and target.choices:
        _check_values(written, table, target)
    return [steps.translated(table, name, other)]


def _table(written: Written, tables: Mapping[str, Texts]) -> tuple[Texts | None, str]:
    if "map" in written:
        return texts(written["map"]), "map"
    if "table" in written and (name := written["table"].option(tables, "table")):
        return tables[name], f"[table.{name}]"
    return None, ""


def _other(written: Written, target: Target | None) -> str | None:
    if "else" not in written:
        return None
    other = written["else"].text()
    if other is None or other in (AS_IT_IS, LEFT_OUT) or target is None or not target.choices:
        return other
    return written["else"].option((*target.choices, AS_IT_IS, LEFT_OUT), "value")


def _check_values(written: Written, table: Texts, target: Target) -> None:
    entry = written.get("table") or written["map"]
    for value in table.values():
        if value != LEFT_OUT and value not in target.choices:
            entry.wrong(f"gives the unknown value {value}; {listed(value, target.choices)}")


def texts(entry: Entry) -> dict[str, str]:
    """Read a table of texts: keys as they are sent, values as events have them."""
    found: dict[str, str] = {}
    if not isinstance(entry.value, dict):
        entry.wrong('must be a table, such as { closedwon = "won" }')
        return found
    for name, each in entry.entries():
        if isinstance(each.value, bool):
            found[name] = "true" if each.value else "false"
        elif isinstance(each.value, str | int):
            found[name] = str(each.value)
        else:
            each.wrong("must be a text")
    return found


def _of_numbers(written: Written) -> list[Converter]:
    found: list[Converter] = []
    if "minus" in written:
        found.append(steps.minus(compiled_path(written["minus"])))
    for name in ("multiply", "divide"):
        if name not in written:
            continue
        value = written[name].value
        is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        if not is_number or not Decimal(value).is_finite() or value <= 0:
            written[name].wrong("must be a number above 0")
        else:
            found.append(steps.scaled_by(Decimal(value), divided=name == "divide"))
    if "absolute" in written and _is_true(written["absolute"]):
        found.append(steps.absolute)
    return found


def _end(
    name: str, form: str, written: Written, defaults: Texts, tables: Mapping[str, Texts]
) -> Converter:
    if name in written:
        form = _form(written[name], name) or form
    if name == "money":
        return steps.money(form, _decimal_sign(written), _places(written, tables))
    zone = _zone(written["zone"], defaults) if "zone" in written else None
    make: Callable[[str, Any], Converter] = steps.time if name == "time" else steps.date
    return make(form, zone)


def _form(entry: Entry, name: str) -> str | None:
    if name == "money" or not isinstance(entry.value, str) or not is_pattern(entry.value):
        return entry.option(MONEY if name == "money" else TIMES, f"form of {name}")
    wrong = problem(entry.value)
    if wrong:
        entry.wrong(wrong)
    return None if wrong else entry.value


def _places(written: Written, tables: Mapping[str, Texts]) -> dict[str, int] | None:
    """Read a table of the digits after the point of some currencies."""
    if "places" not in written:
        return None
    name = written["places"].option(tables, "table")
    table = tables[name] if name else {}
    if not all(re.fullmatch(r"[0-9]", digits) for digits in table.values()):
        written["places"].wrong(f"[table.{name}] must give digits from 0 to 9")
        return None
    return {currency: int(digits) for currency, digits in table.items()}


def _decimal_sign(written: Written) -> str:
    if "decimal" not in written:
        return "."
    return written["decimal"].option((".", ","), "decimal sign") or "."


def _zone(entry: Entry, defaults: Texts) -> ZoneInfo | None:
    name = entry.text()
    if name is None:
        return None
    try:
        return ZoneInfo(defaults.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        unknown = defaults.get(name, name)
        entry.wrong(f"unknown time zone {unknown}: write an IANA name or the name of a default")
        return None
