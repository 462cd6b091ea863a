"""Reads answers of an API: the records of a page, and where the next page is."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from jmespath.exceptions import JMESPathError

from streams.sources.api.layout import Call, ListCall, ReadCall
from streams.sources.api.requests import Position

Item = Mapping[str, Any]
# What says that there is nothing, without a body.
NO_CONTENT = frozenset({204, 304})
GONE = frozenset({404, 410})
LONGEST_CURSOR = 4_000
SAFE_DIGITS = 18
LINK = re.compile(r'<([^<>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)
_encode = msgspec.json.Encoder(decimal_format="number").encode


class BadAnswer(Exception):
    """An answer that is not what the mapping file says; the message has no data of it."""


class Answer(NamedTuple):
    """An HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Page(NamedTuple):
    """The records of one page, and where the next one is, or None."""

    items: Sequence[Item]
    next: Position | None


def page(call: ListCall, position: Position, answer: Answer) -> Page:
    """Read one page of a list. Raises BadAnswer."""
    if answer.status in NO_CONTENT:
        return Page((), None)
    body = parsed(answer.body)
    found = _items(call, body)
    after = replace(
        position,
        seen=position.seen + len(found),
        number=position.number + 1,
        cursor=None,
        url="",
    )
    if not found:
        return Page(found, None)
    if 0 < call.pages.most <= after.seen:
        return Page(found, _begun_again(call, position, found[-1]))
    return Page(found, _next(call, after, body, answer, len(found)))


def records(call: ReadCall, ids: Sequence[str], answer: Answer) -> dict[str, Item | None]:
    """Read the records that were asked for, by id; None for one that is gone. Raises BadAnswer."""
    if answer.status in NO_CONTENT or answer.status in GONE:
        return dict.fromkeys(ids)
    found = _items(call, parsed(answer.body))
    if call.most == 1:
        if len(found) > 1:
            raise BadAnswer(f"{len(found)} records instead of one")
        return {ids[0]: found[0] if found else None}
    by_id = {_text(_search(call.key, item)): item for item in found}
    return {each: by_id.get(each) for each in ids}


def ids_of(call: ReadCall, items: Iterable[Item]) -> list[str]:
    """Return the ids of records of a list. Raises BadAnswer for one without."""
    found = [_text(_search(call.key, item)) for item in items]
    if not all(found):
        raise BadAnswer("a record of the list has no id")
    return found


def delivered(kind: str, item: Item) -> bytes:
    """Return the body under which a record that was read goes through translation."""
    return _encode({"_read": kind} | {name: item[name] for name in item if name != "_read"})


def parsed(body: bytes) -> Any:
    """Read JSON with every digit of its numbers. Raises BadAnswer."""
    try:
        return json.loads(
            body, parse_float=Decimal, parse_int=_whole_number, parse_constant=_constant
        )
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise BadAnswer(f"no JSON: {type(error).__name__}") from error


def _whole_number(text: str) -> int | Decimal:
    return int(text) if len(text) <= SAFE_DIGITS else Decimal(text)


def _constant(name: str) -> Any:
    raise ValueError(name)


def _items(call: Call, body: Any) -> list[Item]:
    found = _search(call.items, body)
    items = found if isinstance(found, list) else [found]
    for item in items:
        if not isinstance(item, dict):
            raise BadAnswer("`items` leads to what is no record")
    return items


def _next(
    call: ListCall, after: Position, body: Any, answer: Answer, count: int
) -> Position | None:
    pages = call.pages
    if pages.more is not None and _search(pages.more, body) is not True:
        return None
    if pages.next is not None:
        url = _search(pages.next, body)
        return replace(after, url=_checked(url)) if url else None
    if pages.link:
        link = LINK.search(answer.headers.get("link", ""))
        return replace(after, url=_checked(link[1])) if link else None
    if pages.cursor is not None:
        cursor = _search(pages.cursor, body)
        return None if cursor in (None, "", False) else replace(after, cursor=_checked(cursor))
    if pages.counted is not None and (pages.more is not None or count >= pages.size):
        return after
    return None


def _begun_again(call: ListCall, position: Position, last: Item) -> Position:
    """Go on from the last record's change: the API gives no further page."""
    since = instant(_search(call.pages.changed, last))
    if since <= position.since:
        raise BadAnswer("more records of one instant than the API lists")
    return position.restarted(since)


def instant(written: Any) -> int:
    """Read when a record changed, in milliseconds since the epoch. Raises BadAnswer."""
    try:
        if isinstance(written, int):
            return written if written >= 10**11 else written * 1000
        if isinstance(written, str) and written.isdigit():
            return instant(int(written))
        moment = datetime.fromisoformat(str(written))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise BadAnswer("`changed` leads to no time") from error


def _checked(value: Any) -> str:
    text = _text(value)
    if not text or len(text) > LONGEST_CURSOR:
        raise BadAnswer("where the next page is cannot be read")
    return text


def _search(where: Any, body: Any) -> Any:
    try:
        return where.search(body)
    except JMESPathError as error:
        raise BadAnswer(f"not what {where.expression!r} expects") from error


def _text(value: Any) -> str:
    is_text = isinstance(value, str | int | Decimal) and not isinstance(value, bool)
    return str(value) if is_text else ""
