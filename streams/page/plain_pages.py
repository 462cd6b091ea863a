"""The few pages that are shown to strangers, and instead of a view: login, loading, refusals."""

from html import escape
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from streams.page.refusals import Refused
from streams.page.static_files import static_files, static_url

STYLE = "page.css"


def document(
    title: str,
    body: str,
    *,
    refresh: str | None = None,
    language: str = "en",
    direction: str = "ltr",
) -> str:
    """Give a page; `body` is HTML, `refresh` what the browser is to do by itself."""
    links = f'<link rel="stylesheet" href="{static_url(STYLE)}">' if STYLE in static_files() else ""
    again = f'<meta http-equiv="refresh" content="{escape(refresh)}">' if refresh else ""
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>"
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{again}{links}'
        f'</head><body><main class="plain"><h1>{escape(title)}</h1>{body}</main></body></html>'
    )


def html_response(text: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    """Answer with a page."""
    response = web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
    response.enable_compression()
    return response


def login_page(following: str, *, has_failed: bool = False) -> web.Response:
    """Ask for a token; `following` is the path that is shown after it."""
    problem = '<p role="alert">This token is not known.</p>' if has_failed else ""
    body = (
        f'{problem}<form method="post" action="/login?next={quote(following, safe="/")}">'
        '<p><label for="token">Token</label>'
        '<input id="token" name="token" type="password" autocomplete="current-password" required>'
        '</p><p><button type="submit">Log in</button></p></form>'
        "<p>Who looks after this page gives you one.</p>"
    )
    status = HTTPStatus.UNAUTHORIZED if has_failed else HTTPStatus.OK
    return html_response(document("Sales KPIs", body), status)


def refusal_page(refused: Refused) -> web.Response:
    """Say why a view is not shown."""
    body = with_link(refused.reason, "/", "To the first page")
    return refusal_response(refused, document(refused.status.phrase, body))


def refusal_response(refused: Refused, page: str) -> web.Response:
    """Answer a refusal with a page that gives its reason."""
    response = html_response(page, refused.status)
    response.headers.update(refused.headers)
    return response


def with_link(text: str, href: str, title: str) -> str:
    """Give a paragraph, and below it a link to go on."""
    link = f'<a href="{escape(href)}">{escape(title)}</a>'
    return f'<p role="alert">{escape(text)}</p><p>{link}</p>'


def loading_page(reason: str) -> web.Response:
    """Say that the numbers are still being read; the browser asks again by itself."""
    page = document("Loading", f"<p>{escape(reason)}</p>", refresh="2")
    return html_response(page, HTTPStatus.SERVICE_UNAVAILABLE)


def same_site_page(path: str) -> web.Response:
    """Let the browser ask once more by itself, with the cookie that links from elsewhere lack."""
    return html_response(document("Sales KPIs", "", refresh=f"0; url={path}"))
