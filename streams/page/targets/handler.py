"""The form that sets a target: what is asked for, checked, and written to `crm.target`."""

from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus

from aiohttp import web

from streams.engine.catalogue.catalogue import SETTINGS
from streams.events import KnownNames, TargetSet, decode
from streams.events.formats.target_event import target_event
from streams.gateway.errors import Problem, RequestRejected
from streams.gateway.records import Record, checked, record
from streams.languages import LANGUAGES
from streams.languages.language import Language, language
from streams.output.keys import ALL
from streams.page.access.login import following, require_same_site
from streams.page.context import SERVER, Server, viewer_of
from streams.page.plain_pages import document, refusal_response, with_link
from streams.page.refusals import RETRY_SECONDS, Refused, bad_field, json_response, wants_json
from streams.page.targets.amount import FACTORS, FORM_UNITS, amount

PATH = "/targets"
FIELDS = ("kpi", "scope", "window", "value", "start", "unit", "lang")
REQUIRED = ("kpi", "scope", "window", "value")
Fields = dict[str, str]


async def set_target(request: web.Request) -> web.Response:
    """Set a target, then go back to where the form stood; a program gets JSON instead.

    A refusal says in the reader's language what is wrong, and nothing has been written then.
    """
    require_same_site(request)
    if not viewer_of(request).sets_targets:
        raise Refused(HTTPStatus.FORBIDDEN, "who sees this page so may set no targets")
    fields = await _fields(request)
    texts = language(fields["lang"])
    try:
        await _write(request, _checked(request, fields, texts), texts)
    except Refused as refused:
        if wants_json(request):
            raise
        return _refusal(request, refused, texts)
    if wants_json(request):
        return json_response({"status": "set"})
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": following(request)})


async def _fields(request: web.Request) -> Fields:
    """Read the form: every field once, as text."""
    found: Fields = {}
    for name, value in (await request.post()).items():
        if name not in FIELDS:
            raise bad_field(name, f"there is no such field; known: {', '.join(FIELDS)}")
        if name in found or not isinstance(value, str):
            raise bad_field(name, "is to be one text")
        found[name] = value.strip()
    for name in REQUIRED:
        if not found.get(name):
            raise bad_field(name, "is missing")
    if found.setdefault("lang", LANGUAGES[0]) not in LANGUAGES:
        raise bad_field("lang", f"there is no such language; known: {', '.join(LANGUAGES)}")
    return found


def _checked(request: web.Request, fields: Fields, texts: Language) -> Record:
    """Make the record of a form, by the rules of any event; refuse what cannot be meant."""
    server = request.app[SERVER]
    made = target_event(
        kpi=fields["kpi"],
        scope=fields["scope"],
        window=fields["window"],
        value=_value(server, fields, texts),
        at=datetime.fromtimestamp(server.clock() / 1_000, UTC).isoformat(timespec="milliseconds"),
        start=fields.get("start", ""),
    )
    outcome = checked(record(made, 1), _known_names(server))
    if isinstance(outcome, Problem):
        raise _wrong(texts, outcome.field or "value", outcome.reason)
    # As it is read from Kafka: there, names are in one form.
    target = decode(outcome.value)
    if not isinstance(target, TargetSet):
        raise _wrong(texts, "value", str(target))
    _require_visible(request, target, texts)
    _require_counted(server, target, texts)
    return outcome


def _wrong(texts: Language, field: str, reason: str) -> Refused:
    return bad_field(field, texts.text("target.wrong", field=field, reason=reason))


def _require_visible(request: web.Request, target: TargetSet, texts: Language) -> None:
    """Refuse a scope that may not be seen, with the same words whether it exists or not."""
    scope = "".join(f"{dimension}={value}" for dimension, value in target.scope.items()) or ALL
    if not viewer_of(request).may_set_target(scope):
        raise Refused(HTTPStatus.NOT_FOUND, texts.text("target.hidden"), "scope")


def _require_counted(server: Server, target: TargetSet, texts: Language) -> None:
    """Refuse what the streams would pass over."""
    if ALL in target.scope:
        raise _wrong(texts, "scope", "all has no values")
    rules = server.store.catalogue.get(SETTINGS, {}).get("rules", {})
    windows = rules.get("catalogue", {}).get("choice", {}).get("windows", [target.window])
    if target.window not in windows:
        reason = f"{target.window} is not counted; there are {', '.join(windows)}"
        raise _wrong(texts, "window", reason)


def _known_names(server: Server) -> KnownNames:
    """Give what the company counts, by the published catalogue."""
    catalogue = server.store.catalogue
    return KnownNames({kpi: catalogue[kpi]["scopes"] for kpi in server.store.kpi_names}, ())


def _value(server: Server, fields: Fields, texts: Language) -> str:
    """Give the value in the unit of records; without `unit` it is written in that."""
    unit = fields.get("unit", "")
    of_records = server.store.catalogue.get(fields["kpi"], {}).get("unit", "")
    if unit and unit not in FORM_UNITS.get(of_records, ()):
        raise _wrong(texts, "unit", "not of this KPI")
    found = amount(fields["value"], texts.locale, FACTORS.get(unit, Decimal(1)))
    if found is None:
        raise bad_field("value", texts.text("target.no_number", value=fields["value"][:40]))
    return found


async def _write(request: web.Request, made: Record, texts: Language) -> None:
    try:
        await request.app[SERVER].write_target(made)
    except RequestRejected as rejected:
        raise Refused(
            HTTPStatus.SERVICE_UNAVAILABLE,
            texts.text("target.away"),
            headers={"Retry-After": str(RETRY_SECONDS)},
        ) from rejected


def _refusal(request: web.Request, refused: Refused, texts: Language) -> web.Response:
    """Say in the reader's language why a target is not set, with the way back."""
    body = with_link(refused.reason, following(request), texts.text("target.back"))
    title = texts.text("target.not_set")
    page = document(title, body, language=texts.code, direction=texts.direction)
    return refusal_response(refused, page)
