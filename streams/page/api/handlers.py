"""The JSON API: KPIs, alerts, catalogue, history. Every answer has only what the viewer may see."""

import hashlib
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web

from streams.history.store import Point
from streams.languages.language import Language, language
from streams.output.keys import ALL
from streams.page.api.openapi import encoded
from streams.page.choice import language_of
from streams.page.context import SERVER, viewer_of
from streams.page.definitions.definition import meaning
from streams.page.refusals import Refused, bad_field
from streams.page.selection import (
    Selection,
    day_or_instant,
    one,
    require_known,
    scopes_of,
    selection,
)
from streams.page.visible import KeyedRecord, PastSource, Visible
from streams.wiring.dependencies import in_force

# Of one answer: some 10 MB. A program that wants everything follows the stream.
MOST_RECORDS = 10_000
COMPRESS_FROM_BYTES = 1_024


async def get_kpis(request: web.Request) -> web.Response:
    """Answer with the records that are asked for, as they are or as they were at an instant."""
    server = request.app[SERVER]
    asked = selection(request.query, server.store.kpi_names, "start", "as_of")
    as_of = one(request.query, "as_of")
    if as_of is None:
        visible = Visible(server.store, viewer_of(request))
        position = orjson.dumps(visible.position)
    else:
        visible = await visible_as_of(request, day_or_instant("as_of", as_of), asked)
        position = b"null"
    found = visible.select(asked)
    if len(found) > MOST_RECORDS:
        raise Refused(
            HTTPStatus.BAD_REQUEST,
            f"these are {len(found)} records, and an answer has at most {MOST_RECORDS}: ask by"
            " kpi, scope, window or start, or follow /api/stream",
        )
    return tagged(request, b'"records":[%b]' % _joined(found), position)


async def get_alerts(request: web.Request) -> web.Response:
    """Answer with the alerts that stand, or with those that stood at an instant."""
    require_known(request.query, ("scope", "as_of"))
    scopes, as_of = scopes_of(request.query), one(request.query, "as_of")
    if as_of is None:
        visible = Visible(request.app[SERVER].store, viewer_of(request))
        found = visible.alert_records(scopes)
        return tagged(request, b'"alerts":[%b]' % _joined(found), orjson.dumps(visible.position))
    visible = await alerts_as_of(request, day_or_instant("as_of", as_of))
    standing, zone = visible.alert_records(scopes), ZoneInfo(request.app[SERVER].timezone)
    ended = [
        {
            "kind": each.kind,
            "rep": each.rep,
            "since": datetime.fromtimestamp(each.since_ms / 1_000, zone).isoformat(),
            "ended": datetime.fromtimestamp(each.ended_ms / 1_000, zone).isoformat(),
        }
        for each in visible.ended_alerts(scopes)
    ]
    content = b'"alerts":[%b],"ended":%b' % (_joined(standing), orjson.dumps(ended))
    return tagged(request, content, b"null")


async def get_catalogue(request: web.Request) -> web.Response:
    """Answer with the entries of all KPIs, named and explained in a language, and the settings.

    Each entry has under `in_force` the settings that its numbers depend on.
    """
    require_known(request.query, ("lang",))
    reader = language(language_of(request.query))
    visible = Visible(request.app[SERVER].store, viewer_of(request))
    settings = visible.settings()
    kpis = [
        {
            **entry,
            **_explained(reader, entry),
            "in_force": in_force(settings, entry["depends_on"]),
        }
        for entry in visible.kpis()
    ]
    content = orjson.dumps({"kpis": kpis, "settings": settings})
    return tagged(request, content[1:-1])


def _explained(reader: Language, entry: dict[str, Any]) -> dict[str, str]:
    means = meaning(reader, entry)
    title = reader.title(entry["kpi"])
    return {"title": title, "text": means.text, "text_language": means.language.code}


async def get_history(request: web.Request) -> web.Response:
    """Answer with the windows of one KPI and scope, oldest first."""
    require_known(request.query, ("kpi", "scope", "window", "from", "to"))
    server = request.app[SERVER]
    asked = selection(request.query, server.store.kpi_names, "from", "to")
    kpi = _only("kpi", asked.kpis or ())
    scope = _only("scope", asked.scopes or (ALL,))
    window = _only("window", asked.windows or ("day",))
    first_ms, last_ms = (_day_ms(request, name) for name in ("from", "to"))
    if not viewer_of(request).may_see(scope):
        return tagged(request, b'"points":[]')
    found = await server.past.points(kpi, scope, window, first_ms, last_ms)
    points = [
        _point(each, fields) for each in found if _is_of(fields := orjson.loads(each.record), scope)
    ]
    return tagged(request, b'"points":[%b]' % b",".join(points))


async def get_description(_: web.Request) -> web.Response:
    """Answer with the OpenAPI document; it is no secret."""
    response = web.Response(body=encoded(), content_type="application/json", charset="utf-8")
    response.enable_compression()
    return response


async def visible_as_of(request: web.Request, moment: date | datetime, asked: Selection) -> Visible:
    """Give what the viewer may see as it stood at an instant, or at the end of a day."""
    server = request.app[SERVER]
    viewer = viewer_of(request)
    scopes = viewer.seen_of(asked.scopes)
    found = await server.past.as_of(
        end_of(moment, server.timezone),
        None if asked.kpis is None else tuple(sorted(asked.kpis)),
        scopes,
        None if asked.windows is None else tuple(sorted(asked.windows)),
    )
    return Visible(server.store, viewer, PastSource(found))


async def alerts_as_of(request: web.Request, moment: date | datetime) -> Visible:
    """Give the alerts that the viewer may see as they stood, and no records."""
    server = request.app[SERVER]
    found = await server.past.alerts(end_of(moment, server.timezone))
    return Visible(server.store, viewer_of(request), PastSource(()), found)


def end_of(moment: date | datetime, timezone: str) -> int:
    """Give an instant in milliseconds; of a day its last one in the reporting zone."""
    if isinstance(moment, datetime):
        return int(moment.timestamp() * 1_000)
    midnight = datetime.combine(moment + timedelta(days=1), time(), ZoneInfo(timezone))
    return int(midnight.timestamp() * 1_000) - 1


def tagged(request: web.Request, content: bytes, position: bytes = b"") -> web.Response:
    """Answer with an object of this content, or 304 where the asker has it already.

    The position changes with time and is no part of the content.
    """
    tag = hashlib.blake2b(content, digest_size=12).hexdigest()
    headers = {
        # Weak: the same for all encodings.
        "ETag": f'W/"{tag}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Cookie, Accept-Encoding",
    }
    if any(each.value in (tag, "*") for each in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    end = b',"position":%b' % position if position else b""
    response = web.Response(
        body=b"{%b%b}" % (content, end),
        headers=headers,
        content_type="application/json",
        charset="utf-8",
    )
    if len(content) >= COMPRESS_FROM_BYTES:
        response.enable_compression()
    return response


def _joined(found: list[KeyedRecord]) -> bytes:
    """Write records with their keys, otherwise as they were published."""
    return b",".join(b'{"key":%b,%b' % (orjson.dumps(each.key), each.record[1:]) for each in found)


def _is_of(record: dict[str, Any], scope: str) -> bool:
    """Return whether a record is of a scope, whatever the history was asked for."""
    found = "".join(f"{name}={value}" for name, value in record["scope"].items())
    return (found or ALL) == scope


def _point(point: Point, record: dict[str, Any]) -> bytes:
    return b'{"start":%b,"value":%b,"record":%b}' % (
        orjson.dumps(point.start),
        orjson.dumps(record["value"]),
        point.record,
    )


def _only(name: str, values: Collection[str]) -> str:
    if len(values) != 1:
        raise bad_field(name, "is to be given once")
    return next(iter(values))


def _day_ms(request: web.Request, name: str) -> int | None:
    """Give when a day begins, or of `to` when it has ended; in the reporting zone."""
    written = one(request.query, name)
    if written is None:
        return None
    day = day_or_instant(name, written)
    if isinstance(day, datetime):
        raise bad_field(name, "is to be a day, 2026-03-02")
    # A day ends a millisecond before the next one.
    days = timedelta(days=1 if name == "from" else 0)
    return end_of(day - days, request.app[SERVER].timezone) + 1
