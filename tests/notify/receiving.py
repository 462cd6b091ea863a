"""Real receivers on this machine: an HTTP server and a mail server, which keep what they get."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import orjson
import trustme
from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from streams.broker.ports import free_port

PASSWORD = "a password of the mail server"  # noqa: S105 - of this test


@dataclass
class Request:
    """One request as it came."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return orjson.loads(self.body)

    @property
    def id(self) -> str:
        """The idempotency key of either kind of webhook."""
        return self.headers.get("Webhook-Id") or self.headers["Idempotency-Key"]


@dataclass
class HttpReceiver:
    """A server that answers by `answers`, in turn, and 200 when there are no more."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    answers: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)
    closes: int = 0

    async def receive(self, request: web.Request) -> web.Response:
        """Keep a request; of the first `closes` the answer is lost."""
        self.requests.append(Request(request.headers, await request.read()))
        if self.closes:
            self.closes -= 1
            assert request.transport is not None
            request.transport.abort()
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        return web.Response(status=status, headers=headers)

    async def until(self, count: int) -> list[Request]:
        """Wait for a number of requests."""
        async with asyncio.timeout(30):
            while len(self.requests) < count:
                await asyncio.sleep(0.02)
        return self.requests


@asynccontextmanager
async def http_receiver() -> AsyncIterator[HttpReceiver]:
    """Run an HTTP receiver on a free port."""
    found = HttpReceiver()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/{path:.*}", found.receive)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield found
    finally:
        await runner.cleanup()


@dataclass
class MailReceiver:
    """A mail server with STARTTLS and a password.

    Attributes:
        refuses: Answers to `RCPT TO` by address.
        answers: Answers to the next mails, in turn.
    """

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - of aiosmtpd
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        """Accept or refuse an address."""
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - of aiosmtpd
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,
        envelope: Envelope,
    ) -> str:
        """Keep a mail that came encrypted."""
        assert session.ssl is not None
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.to.append(list(envelope.rcpt_tos))
        return answer

    async def until(self, count: int) -> list[EmailMessage]:
        """Wait for a number of mails."""
        async with asyncio.timeout(30):
            while len(self.mails) < count:
                await asyncio.sleep(0.02)
        return self.mails


def _is_password(_: Any, __: Any, ___: Any, ____: Any, given: Any) -> AuthResult:
    is_right = isinstance(given, LoginPassword) and given.password == PASSWORD.encode()
    return AuthResult(success=is_right, handled=False)


@contextmanager
def mail_receiver(folder: Path) -> Iterator[tuple[MailReceiver, Path]]:
    """Run a mail server; yield it with the file of the authority of its certificate."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    certificate = folder / "ca.pem"
    authority.cert_pem.write_to_path(certificate)
    found = MailReceiver(free_port("127.0.0.1"))
    controller = Controller(
        found,
        hostname="127.0.0.1",
        port=found.port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=_is_password,
    )
    controller.start()
    try:
        yield found, certificate
    finally:
        controller.stop()
