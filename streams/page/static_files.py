"""The page's own files, in memory: scripts, styles, pictures. Nothing else is ever served."""

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from aiohttp import web

from streams.page.refusals import not_found

PREFIX = "/static/"
TYPES = {
    "css": "text/css",
    "html": "text/html",
    "ico": "image/x-icon",
    "js": "text/javascript",
    "json": "application/json",
    "mjs": "text/javascript",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "woff2": "font/woff2",
}
TEXTS = frozenset(["css", "html", "js", "json", "mjs", "svg", "txt"])
# The address of such a file names its digest: another content has another address.
FOR_EVER = "public, max-age=31536000, immutable"


class StaticFile(NamedTuple):
    """One file; `compressed` is None where that would be no smaller."""

    body: bytes
    compressed: bytes | None
    content_type: str
    digest: str


@cache
def static_files() -> dict[str, StaticFile]:
    """Read all files of the folder, by their path below it."""
    folder = files("streams.page").joinpath("static")
    return dict(_files(folder, "")) if folder.is_dir() else {}


def static_url(path: str) -> str:
    """Return the address of a file, for templates. Raises KeyError if there is no such file."""
    return f"{PREFIX}{path}?v={static_files()[path].digest}"


async def get_static(request: web.Request) -> web.Response:
    """Answer with a file; for ever valid where the address names its digest."""
    found = static_files().get(request.match_info["path"])
    if found is None:
        raise not_found("there is no such file")
    is_exact = request.query.get("v") == found.digest
    headers = {
        "ETag": f'"{found.digest}"',
        "Cache-Control": FOR_EVER if is_exact else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if any(tag.value == found.digest for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    body = found.body
    if found.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = found.compressed
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, headers={**headers, "Content-Type": found.content_type})


def _files(folder: Traversable, prefix: str) -> list[tuple[str, StaticFile]]:
    found: list[tuple[str, StaticFile]] = []
    for each in folder.iterdir():
        if each.is_dir():
            found += _files(each, f"{prefix}{each.name}/")
            continue
        ending = each.name.rpartition(".")[2]
        if ending in TYPES:
            found.append((prefix + each.name, _file(each.read_bytes(), ending)))
    return found


def _file(body: bytes, ending: str) -> StaticFile:
    is_text = ending in TEXTS
    compressed = gzip.compress(body, 9, mtime=0) if is_text else None
    return StaticFile(
        body=body,
        compressed=compressed if compressed and len(compressed) < len(body) else None,
        content_type=TYPES[ending] + ("; charset=utf-8" if is_text else ""),
        digest=hashlib.blake2b(body, digest_size=9).hexdigest(),
    )
