"""The translation of exported rows into canonical events, by the rules of their kind of file."""

from dataclasses import replace
from typing import NamedTuple

import msgspec

from streams.sources.bodies.layout import Layout
from streams.sources.delivery import Delivery
from streams.sources.exports.items import BadRow
from streams.sources.exports.layout import FileLayout
from streams.sources.exports.rows import Row
from streams.sources.identity import origin
from streams.sources.mapping import translate
from streams.sources.mapping.scope import Scope, Unfit
from streams.sources.paths import ABSENT
from streams.sources.source import Source

_encoder = msgspec.json.Encoder(decimal_format="number")


class Wrong(NamedTuple):
    """Something wrong in a row.

    Attributes:
        line: The number of the row's first line.
        field: The column, or the field of the event, or "".
        rule: The rule that could not be filled, or "".
        reason: What is wrong.
    """

    line: int
    field: str
    rule: str
    reason: str

    def __str__(self) -> str:
        """Describe it in one line."""
        field = f", field {self.field}" if self.field else ""
        rule = f" (rule {self.rule})" if self.rule else ""
        return f"line {self.line}{field}{rule}: {self.reason}"


class Outcome(NamedTuple):
    """What a row became: events, or nothing as no rule matched; or what is wrong in it."""

    events: list[bytes]
    wrong: list[Wrong]


class RowTranslation:
    """Translates the rows of one file.

    `received` is when the file was written, in milliseconds since the epoch; `key` is what hashes
    of telephone numbers and addresses are made with.
    """

    def __init__(
        self, source: Source, layout: FileLayout, label: str, received: int, key: bytes
    ) -> None:
        # A row is an item as it is; of the rules those of the file apply, and no others.
        self._source = replace(source, body=Layout(), events=layout.events)
        self._delivery = Delivery(source.name, label, {}, {}, b"", received)
        self._derived = layout.item
        self._origin = origin(source.name, label)
        self._key = key

    def outcome(self, row: Row, item: dict[str, object] | BadRow) -> Outcome:
        """Translate a row."""
        if isinstance(item, BadRow):
            return Outcome([], [Wrong(row.line, item.field or "", "", item.reason)])
        scope = Scope(item, self._origin, self._key, ())
        for field in self._derived:
            try:
                value = field.value(scope)
            except Unfit as error:
                return Outcome([], [Wrong(row.line, field.name, "", str(error))])
            if value is not ABSENT:
                item[field.name] = value
        try:
            body = _encoder.encode(item)
        except (ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
            return Outcome([], [Wrong(row.line, "", "", f"cannot be read: {error}")])
        found = translate(self._source, self._delivery._replace(body=body), self._key)
        wrong = [
            Wrong(row.line, each.field or "", each.rule, each.reason) for each in found.unmapped
        ]
        return Outcome(found.events, wrong)
