"""The HTTP client of CRMs' APIs: paced, bounded in time and size, following nothing."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NamedTuple

import aiohttp
from yarl import URL

from streams.sources.api import Api, ListCall
from streams.sources.api.pacing import Pace, is_later, pause, retry_after
from streams.sources.api.pages import GONE, NO_CONTENT, Answer, BadAnswer, Item, Page, page, parsed
from streams.sources.api.requests import (
    Access,
    Position,
    Request,
    list_request,
    login_request,
    read_request,
)

CONNECT_SECONDS, TOTAL_SECONDS = 10.0, 60.0
BODY_BYTES = 32 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
# Of one request, where somebody waits for it: with the pauses in between about a minute.
TRIES = 6
# A list that goes on for longer does not end.
PAGES = 100_000
DENIED = frozenset({401, 403})
# A token is renewed so long before it expires.
RENEWAL_SECONDS = 60.0
TOKEN_SECONDS = 1800.0
# Some servers replace it whenever it is used.
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a field
MakeRequest = Callable[[Access], Request]


class Unavailable(Exception):
    """The API did not answer as it should, and may later; the message has no data of it.

    Attributes:
        status: The HTTP status, or 0.
        retry_ms: How long the API asked to be left alone, or None.
    """

    def __init__(self, message: str, status: int = 0, retry_ms: int | None = None) -> None:
        super().__init__(message)
        self.status, self.retry_ms = status, retry_ms


class Granted(NamedTuple):
    """A short-lived token, its lifetime, and what the next one is got with, or ""."""

    token: str
    seconds: float
    refresh_token: str


class Refused(Exception):
    """The API refuses a request, and would refuse it again; the message has no data of it."""


@asynccontextmanager
async def http_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a session with time-outs, without cookies."""
    timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS)
    async with aiohttp.ClientSession(
        timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), raise_for_status=False
    ) as session:
        yield session


class ApiClient:
    """Reads records of one account of one source.

    Attributes:
        api: What the mapping file declares.
        requests: How many requests were sent.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        api: Api,
        label: str,
        token: str,
        pauses: Callable[[int, int | None], int] = pause,
    ) -> None:
        self.api, self.requests = api, 0
        self._session, self._account, self._configured = session, api.account_of(label), token
        self._pauses = pauses
        self._pace = Pace(api.interval_ms)
        self._token, self._expires_s = ("", 0.0) if api.login else (token, float("inf"))
        self._login = asyncio.Lock()

    async def read(self, kind: str, ids: list[str]) -> Answer:
        """Read records by id, trying once. Raises Unavailable, Refused, NoRequest."""
        return await self._attempt(lambda access: read_request(self.api, kind, ids, access))

    async def read_patiently(self, kind: str, ids: list[str], most_tries: int) -> Answer:
        """Read records by id; where the API is away, so often. Raises as `read`."""
        for tries in range(1, most_tries):
            try:
                return await self.read(kind, ids)
            except Unavailable as error:
                if error.status in DENIED:
                    raise
                await asyncio.sleep(self._pauses(tries, error.retry_ms) / 1000)
        return await self.read(kind, ids)

    async def list_records(self, call: ListCall, since: int) -> AsyncIterator[tuple[Item, ...]]:
        """Yield the pages of records that have changed since an instant.

        Raises Unavailable after several tries, Refused, NoRequest and BadAnswer.
        """
        position: Position | None = Position(since)
        seen = set[Position]()
        while position is not None:
            # Where the API says what is next, the same again is a circle.
            given = position.cursor is not None or position.url
            place = replace(position, seen=0, number=0) if given else position
            if place in seen or len(seen) >= PAGES:
                raise BadAnswer("the pages do not end")
            seen.add(place)
            found = await self._page(call, position)
            if found.items:
                yield tuple(found.items)
            position = found.next

    async def _page(self, call: ListCall, position: Position) -> Page:
        tries = 0
        while True:
            try:
                answer = await self._attempt(
                    lambda access: list_request(self.api, call, position, access)
                )
                if answer.status in GONE:
                    raise Refused(f"HTTP {answer.status}: there is no such list")
                return page(call, position, answer)
            except (Unavailable, BadAnswer) as error:
                tries += 1
                wait_ms = error.retry_ms if isinstance(error, Unavailable) else None
                if tries >= TRIES or (isinstance(error, Unavailable) and error.status in DENIED):
                    raise
                await asyncio.sleep(self._pauses(tries, wait_ms) / 1000)

    async def _attempt(self, make: MakeRequest) -> Answer:
        """Send one request at the next free instant, with a new token where the old one expired."""
        token = await self._current_token()
        answer = await self._send(make(Access(self._account, token)))
        if answer.status == 401 and self.api.login:
            if self._token == token:
                self._expires_s = 0.0
            token = await self._current_token()
            answer = await self._send(make(Access(self._account, token)))
        return self._checked(answer)

    def _checked(self, answer: Answer) -> Answer:
        status = answer.status
        if 200 <= status < 300 or status in NO_CONTENT or status in GONE:
            return answer
        if not is_later(status):
            raise Refused(f"HTTP {status}")
        asked_ms = retry_after(answer.headers, time.time_ns() // 1_000_000)
        if asked_ms is not None:
            self._pace.hold(_now_ms() + asked_ms)
        reason = ": is the token valid, and may it read this?" if status in DENIED else ""
        raise Unavailable(f"HTTP {status}{reason}", status, asked_ms)

    async def _send(self, request: Request) -> Answer:
        await asyncio.sleep(self._pace.reserve(_now_ms()) / 1000)
        self.requests += 1
        try:
            async with self._session.request(
                request.method,
                # As it is: what it was made from is escaped already.
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body,
                # Another address was not declared, and would get the token.
                allow_redirects=False,
            ) as response:
                headers = {name.lower(): text for name, text in response.headers.items()}
                return Answer(response.status, headers, await _body(response))
        except TimeoutError as error:
            raise Unavailable("no answer in time") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unavailable(f"no answer: {type(error).__name__}") from error

    async def _current_token(self) -> str:
        """Return the token in force; where the API has short-lived ones, get one first."""
        login = self.api.login
        async with self._login:
            now = time.monotonic()
            if login is None or now < self._expires_s:
                return self._token
            answer = await self._send(login_request(login, self._configured, self._account))
            if answer.status in (400, 401, 403):
                raise Unavailable(
                    f"HTTP {answer.status} for a token: are the parts of the API token right?", 401
                )
            if answer.status != 200:
                raise Unavailable(f"HTTP {answer.status} for a token", answer.status)
            granted = _granted(answer)
            self._token = granted.token
            self._expires_s = now + max(granted.seconds - RENEWAL_SECONDS, granted.seconds / 2)
            if granted.refresh_token and REFRESH_TOKEN in login.parts:
                parts = self._configured.split(":")
                parts[login.parts.index(REFRESH_TOKEN)] = granted.refresh_token
                self._configured = ":".join(parts)
            return self._token


def _granted(answer: Answer) -> Granted:
    """Return a token that was granted."""
    try:
        body = parsed(answer.body)
        refresh_token = str(body.get(REFRESH_TOKEN) or "")
        seconds = float(body.get("expires_in") or TOKEN_SECONDS)
        found = Granted(body["access_token"], seconds, refresh_token)
    except (BadAnswer, KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unavailable("no token in the answer to the request for one") from error
    if not isinstance(found.token, str) or not found.token:
        raise Unavailable("no token in the answer to the request for one")
    return found


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Read a body, decompressed, up to BODY_BYTES."""
    found = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        found += chunk
        if len(found) > BODY_BYTES:
            raise Unavailable(f"an answer of more than {BODY_BYTES} bytes")
    return bytes(found)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
