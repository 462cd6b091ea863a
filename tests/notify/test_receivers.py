"""Receivers against real servers: what arrives, and what each answer means."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from standardwebhooks import Webhook as StandardWebhook

from streams.config.declaration import BadSetting
from streams.config.rules.notify.mail import MailRules
from streams.config.rules.notify.routes import Email, Slack, Webhook
from streams.notify.clock import now_ms
from streams.notify.core.alert import Alert
from streams.notify.core.message import Action, Change, Message, Recipient
from streams.notify.receivers.email import EmailReceiver
from streams.notify.receivers.http import SlackReceiver, WebhookReceiver, outcome_of
from streams.notify.receivers.outcome import Accepted, Outcome, Refused, Unanswered
from tests.notify.receiving import (
    PASSWORD,
    HttpReceiver,
    MailReceiver,
    mail_receiver,
)

AT = 1_780_000_000_000
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of this test
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
TO = Recipient("mail", "ann@example.com")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as found:
        yield found


@pytest.fixture
def mails(tmp_path: Path) -> Iterator[tuple[MailReceiver, Path]]:
    with mail_receiver(tmp_path) as found:
        yield found


def change(number: int, action: Action = "raised", text: str = "Nobody has called") -> Change:
    name = f"lead-{number}"
    alert = Alert("lead_unanswered", name, "ann", "2026-06-01", f"{text} {name}.")
    return Change(f"lead_unanswered|{name}", action, alert)


def message(*changes: Change) -> Message:
    return Message("msg_1", AT, changes or (change(1),))


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text)
    return file


def slack(folder: Path, url: str, session: aiohttp.ClientSession) -> SlackReceiver:
    return SlackReceiver(Slack(written(folder, "url", url)), session, now_ms)


async def test_slack_gets_the_text_of_an_alert(
    server: HttpReceiver, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    receiver = slack(tmp_path, server.url, session)
    assert await receiver.send(Recipient("chat"), message()) == Accepted()
    (got,) = server.requests
    assert got.json == {"text": "Nobody has called lead-1. (ann)"}
    assert got.id == "msg_1"


async def test_slack_gets_a_digest_of_several_with_new_ones_first(
    server: HttpReceiver, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    found = message(change(1, "ended"), change(2), change(3))
    await slack(tmp_path, server.url, session).send(Recipient("chat"), found)
    assert server.requests[0].json["text"].splitlines() == [
        "*New alerts: 2 (Leads without an answer: 2); no longer so: 1*",
        "• Nobody has called lead-2. (ann)",
        "• Nobody has called lead-3. (ann)",
        "• No longer so: Nobody has called lead-1. (ann)",
    ]


async def test_name_of_a_lead_mentions_nobody_in_slack(
    server: HttpReceiver, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    found = message(change(1, text="<!channel> & <http://example.com|x>"))
    await slack(tmp_path, server.url, session).send(Recipient("chat"), found)
    assert server.requests[0].json["text"].startswith("&lt;!channel&gt; &amp; &lt;http://")


async def test_webhook_is_signed_as_the_reference_library_verifies(
    server: HttpReceiver, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    file = written(tmp_path, "secret", f"{OTHER}\n{SECRET}\n")
    receiver = WebhookReceiver(Webhook(server.url, file), session, now_ms)
    assert await receiver.send(Recipient("desk"), message()) == Accepted()
    (got,) = server.requests
    headers = {name.lower(): value for name, value in got.headers.items()}
    for secret in (SECRET, OTHER):
        verified = StandardWebhook(secret).verify(got.body, headers)
        assert verified["type"] == "alerts.changed"
        assert [each["key"] for each in verified["data"]["changes"]] == ["lead_unanswered|lead-1"]
    assert got.id == "msg_1"


async def test_repeated_webhook_has_the_same_id_and_body(
    server: HttpReceiver, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    receiver = WebhookReceiver(
        Webhook(server.url, written(tmp_path, "secret", SECRET)), session, now_ms
    )
    server.closes = 1
    first = await receiver.send(Recipient("desk"), message())
    assert isinstance(first, Unanswered)
    assert first.is_uncertain
    assert await receiver.send(Recipient("desk"), message()) == Accepted()
    one, two = server.requests
    assert (one.id, one.body) == (two.id, two.body)


async def test_receiver_that_is_not_there_has_certainly_nothing(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    found = await slack(tmp_path, "http://127.0.0.1:1/", session).send(TO, message())
    assert isinstance(found, Unanswered)
    assert not found.is_uncertain


@pytest.mark.parametrize(
    ("status", "retry_after", "outcome"),
    [
        (204, None, Accepted()),
        (301, None, Refused("answered 301")),
        (404, None, Refused("answered 404")),
        (410, None, Refused("answered 410")),
        (429, "7", Unanswered("answered 429", 7_000, is_uncertain=False)),
        (503, "Thu, 28 May 2026 20:26:45 GMT", Unanswered("answered 503", 5_000)),
        (500, "soon", Unanswered("answered 500")),
        (408, None, Unanswered("answered 408")),
    ],
)
def test_answers_mean(status: int, retry_after: str | None, outcome: Outcome) -> None:
    assert outcome_of(status, retry_after, AT) == outcome


async def test_address_that_is_not_encrypted_is_refused(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    receiver = slack(tmp_path, "http://hooks.example.com/x", session)
    with pytest.raises(BadSetting, match="is not encrypted: only receivers on this machine"):
        receiver.check()


def mail_rules(port: int, certificate: Path, folder: Path) -> MailRules:
    return MailRules(
        host="localhost",
        port=port,
        security="starttls",
        sender="Sales KPIs <kpis@example.com>",
        user="kpis",
        password_file=written(folder, "password", PASSWORD),
        ca_file=certificate,
    )


async def test_mail_goes_encrypted_to_one_address(
    mails: tuple[MailReceiver, Path], tmp_path: Path
) -> None:
    server, certificate = mails
    receiver = EmailReceiver(
        Email(("ann@example.com",)), mail_rules(server.port, certificate, tmp_path), {}
    )
    assert await receiver.send(TO, message(change(1), change(2))) == Accepted()
    (mail,) = server.mails
    assert server.to == [["ann@example.com"]]
    assert mail["Subject"] == "New alerts: 2 (Leads without an answer: 2)"
    assert mail["From"] == "Sales KPIs <kpis@example.com>"
    assert mail["Message-ID"] == "<msg_1@example.com>"
    assert mail.get_content().splitlines()[2:] == [
        "- Nobody has called lead-1. (ann)",
        "- Nobody has called lead-2. (ann)",
    ]


async def test_reps_mail_goes_to_the_reps_address(
    mails: tuple[MailReceiver, Path], tmp_path: Path
) -> None:
    server, certificate = mails
    used = mail_rules(server.port, certificate, tmp_path)
    receiver = EmailReceiver(Email(()), used, {"ann": "ann@acme.example.com"})
    assert await receiver.send(Recipient("mine", "ann"), message()) == Accepted()
    assert server.to == [["ann@acme.example.com"]]


async def test_line_ends_in_a_name_make_no_header(
    mails: tuple[MailReceiver, Path], tmp_path: Path
) -> None:
    server, certificate = mails
    used = mail_rules(server.port, certificate, tmp_path)
    found = message(change(1, text="x\r\nBcc: eve@example.com\r\n"))
    assert await EmailReceiver(Email(("a@example.com",)), used, {}).send(TO, found) == Accepted()
    assert server.mails[0]["Bcc"] is None
    assert server.mails[0]["Subject"] == "x Bcc: eve@example.com lead-1. (ann)"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("550 no such mailbox", Refused("the address was refused with 550")),
        (
            "450 come again",
            Unanswered("the address was refused with 450", is_uncertain=False),
        ),
    ],
)
async def test_address_is_refused_for_good_or_for_now(
    mails: tuple[MailReceiver, Path], tmp_path: Path, answer: str, outcome: Outcome
) -> None:
    server, certificate = mails
    server.refuses["ann@example.com"] = answer
    used = mail_rules(server.port, certificate, tmp_path)
    assert await EmailReceiver(Email(("x@y.z",)), used, {}).send(TO, message()) == outcome


async def test_wrong_password_is_refused(mails: tuple[MailReceiver, Path], tmp_path: Path) -> None:
    server, certificate = mails
    used = mail_rules(server.port, certificate, tmp_path)
    written(tmp_path, "password", "another")
    found = await EmailReceiver(Email(("x@y.z",)), used, {}).send(TO, message())
    assert found == Refused("the mail was refused with 535")


async def test_server_with_another_certificate_gets_nothing(
    mails: tuple[MailReceiver, Path], tmp_path: Path
) -> None:
    server, _ = mails
    used = replace(mail_rules(server.port, tmp_path, tmp_path), ca_file=None)
    found = await EmailReceiver(Email(("x@y.z",)), used, {}).send(TO, message())
    assert isinstance(found, Unanswered)
    assert server.mails == []
