"""Placeholders such as `{id}` in the addresses, headers and bodies of requests."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Values = Mapping[str, Any]
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
# Left out of a request as a whole where there is no value yet: a first page has no cursor.
OPTIONAL = "cursor"


class Unknown(Exception):
    """A placeholder without a value; the argument is its name."""


def names(template: Any) -> Iterator[str]:
    """Yield the placeholders of a text, or of all texts in a JSON value."""
    if isinstance(template, str):
        yield from PLACEHOLDER.findall(template)
    elif isinstance(template, Mapping):
        for value in template.values():
            yield from names(value)
    elif isinstance(template, list):
        for value in template:
            yield from names(value)


def filled(template: str, values: Values) -> str:
    """Fill in a text. Raises Unknown."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise Unknown(match[1])
        return str(values[match[1]])

    return PLACEHOLDER.sub(value, template)


def filled_json(template: Any, values: Values) -> Any:
    """Fill in a JSON value; a text that is one placeholder becomes the value with its type.

    Members whose text has `{cursor}` are left out where there is none. Raises Unknown.
    """
    if isinstance(template, str):
        whole = PLACEHOLDER.fullmatch(template)
        if whole and whole[1] in values:
            return values[whole[1]]
        return filled(template, values)
    if isinstance(template, Mapping):
        return {
            name: filled_json(value, values)
            for name, value in template.items()
            if not is_left_out(value, values)
        }
    if isinstance(template, list):
        return [filled_json(value, values) for value in template]
    return template


def is_left_out(template: Any, values: Values) -> bool:
    """Whether a member waits for a cursor that there is not."""
    return OPTIONAL not in values and isinstance(template, str) and OPTIONAL in names(template)
