"""Access to every path: who a request is from, and the login of browsers."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from streams.page.access.doorkeeper import Credentials, Doorkeeper, is_loopback_name
from streams.page.context import IS_STILL_ADMITTED, SERVER, VIEWER
from streams.page.plain_pages import login_page, same_site_page
from streams.page.refusals import Refused
from streams.page.static_files import PREFIX

COOKIE = "sales_kpis_session"
# They have nothing of the numbers, and a stranger needs them.
PUBLIC = frozenset(["/login", "/livez", "/readyz", "/openapi.json"])
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request pass with its viewer; send a stranger's browser to the login."""
    doorkeeper = request.app[SERVER].doorkeeper
    if doorkeeper.is_open and not is_loopback_name(request.host):
        raise Refused(
            HTTPStatus.FORBIDDEN,
            "without [[page.access]] this page is for http://localhost and http://127.0.0.1 alone",
        )
    if request.path in PUBLIC or request.path.startswith(PREFIX):
        return await handler(request)
    shown = credentials(request, doorkeeper)
    viewer = doorkeeper.viewer(shown)
    if viewer is None:
        return stranger(request, doorkeeper)
    request[VIEWER] = viewer
    request[IS_STILL_ADMITTED] = lambda: doorkeeper.viewer(shown) == viewer
    return await handler(request)


def credentials(request: web.Request, doorkeeper: Doorkeeper) -> Credentials:
    """Give what a request presents."""
    header = doorkeeper.user_header
    return Credentials(
        peer=peer_of(request),
        authorization=request.headers.getall("Authorization", ()),
        user_headers=request.headers.getall(header, ()) if header else (),
        session=request.cookies.get(COOKIE),
    )


def peer_of(request: web.Request) -> str | None:
    """Give the address that a connection comes from."""
    transport = request.transport
    name = None if transport is None else transport.get_extra_info("peername")
    return name[0] if name else None


def stranger(request: web.Request, doorkeeper: Doorkeeper) -> web.Response:
    """Answer who may not look: a program with 401, a browser with the login."""
    is_page = request.method == "GET" and not request.path.startswith("/api/")
    if not is_page or not doorkeeper.has_tokens:
        raise Refused(
            HTTPStatus.UNAUTHORIZED,
            "one header is needed: Authorization: Bearer <token>"
            if doorkeeper.has_tokens
            else "the proxy names no user who may look",
            headers={"WWW-Authenticate": 'Bearer realm="page"'},
        )
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return same_site_page(request.path_qs)
    raise web.HTTPSeeOther(f"/login?next={quote(request.path_qs)}")


async def show_login(request: web.Request) -> web.Response:
    """Show the form."""
    require_tokens(request)
    return login_page(following(request))


async def log_in(request: web.Request) -> web.Response:
    """Begin a session with a token, and go on to the page that was asked for."""
    require_tokens(request)
    require_same_site(request)
    doorkeeper = request.app[SERVER].doorkeeper
    token = (await request.post()).get("token")
    viewer = doorkeeper.by_token(token.strip()) if isinstance(token, str) else None
    if viewer is None:
        return login_page(following(request), has_failed=True)
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": following(request)})
    response.set_cookie(
        COOKIE,
        doorkeeper.sessions.begin(viewer),
        httponly=True,
        samesite="Strict",
        secure=is_encrypted(request, doorkeeper),
    )
    return response


async def log_out(request: web.Request) -> web.Response:
    """End the session of this browser."""
    require_same_site(request)
    if session := request.cookies.get(COOKIE):
        request.app[SERVER].doorkeeper.sessions.end(session)
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/login"})
    response.del_cookie(COOKIE)
    return response


def require_tokens(request: web.Request) -> None:
    """Refuse a login where there are no tokens."""
    if not request.app[SERVER].doorkeeper.has_tokens:
        raise Refused(HTTPStatus.NOT_FOUND, "there is no login here: no rule has a token")


def require_same_site(request: web.Request) -> None:
    """Refuse a form that another site has sent; browsers say where it is from."""
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise Refused(HTTPStatus.FORBIDDEN, "this form was sent by another site")


def following(request: web.Request) -> str:
    """Give the path to go on to, which is one of this page."""
    path = request.query.get("next", "/")
    is_local = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return quote(path, safe="/?&=%+:,;@~!$'()*-._") if is_local else "/"


def is_encrypted(request: web.Request, doorkeeper: Doorkeeper) -> bool:
    """Return whether the browser speaks TLS, with this server or with its proxy."""
    if request.secure:
        return True
    is_believed = doorkeeper.is_from_proxy(peer_of(request))
    return is_believed and request.headers.get("X-Forwarded-Proto") == "https"
