"""The addresses of the views, and what each is rendered from."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from aiohttp import web

from streams.page.api.handlers import alerts_as_of, end_of, visible_as_of
from streams.page.choice import ALERTS, VIEWS, Choice, choice
from streams.page.context import SERVER, Server, viewer_of
from streams.page.plain_pages import html_response
from streams.page.refusals import Refused
from streams.page.views import needed
from streams.page.visible import Visible

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes() -> list[web.RouteDef]:
    """Give the route of every view; the first view is that of `/` as well."""
    return [
        web.get("/", _view(VIEWS[0])),
        *(web.get(f"/{name}", _view(name)) for name in VIEWS),
        web.get("/people/rep/{rep}", _view("people")),
    ]


def _view(name: str) -> Handler:
    async def show(request: web.Request) -> web.StreamResponse:
        server = request.app[SERVER]
        visible = Visible(server.store, viewer_of(request))
        rep = request.match_info.get("rep")
        chosen = choice(
            name,
            request.query,
            rep=rep,
            scope=visible.first_scope() if rep is None else f"rep={rep}",
            accepted=request.headers.get("Accept-Language", ""),
        )
        _require_visible(visible, chosen)
        if chosen.as_of is not None and chosen.view == ALERTS:
            visible = await alerts_as_of(request, chosen.as_of)
        elif chosen.as_of is not None:
            visible = await visible_as_of(request, chosen.as_of, needed(chosen))
        catalogue = {"kpis": visible.kpis(), "settings": visible.settings()}
        now = _instant(server, chosen)
        return html_response(server.render(chosen, visible, catalogue, now, server.links))

    return show


def _instant(server: Server, chosen: Choice) -> datetime:
    """Give the instant that is shown, in the reporting zone: now, or the end of a day."""
    zone = server.timezone
    at_ms = server.clock() if chosen.as_of is None else end_of(chosen.as_of, zone)
    return datetime.fromtimestamp(at_ms / 1_000, ZoneInfo(zone))


def _require_visible(visible: Visible, chosen: Choice) -> None:
    """Refuse a scope that may not be seen, with the same words whether it exists or not."""
    wanted = [chosen.scope, *([f"rep={chosen.rep}"] if chosen.rep is not None else [])]
    for scope in wanted:
        if not visible.viewer.may_see(scope):
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing of this for you to see", "scope")
