"""Reports as receivers get them: a mail's subject, and the values for programs."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path

from standardwebhooks import Webhook as StandardWebhook

from streams.config.rules.notify.receivers import Webhook
from streams.notify.core.message import Recipient, ReportedKpi, ReportMessage
from streams.notify.receivers.email import mail
from streams.notify.receivers.http import WebhookReceiver
from streams.notify.receivers.outcome import Accepted
from streams.notify.receivers.receivers import http_session
from streams.notify.service import now_ms
from tests.notify.receiving import http_receiver
from tests.notify.test_receivers import AT, SECRET


def test_mail_keeps_the_spaces_of_a_subject_in_any_letters() -> None:
    subject = "понеделник · Цялата фирма · 25 май – 31 май 2026, всички числа за седмицата"
    report = ReportMessage("msg_1", AT, AT, subject, "bg", "all", "week", 1, "", "", ())
    sent = mail("kpis@example.com", "ann@example.com", report).as_bytes()
    assert message_from_bytes(sent, policy=default)["Subject"] == subject


async def test_webhook_gets_a_report_with_its_values(tmp_path: Path) -> None:
    kpi = ReportedKpi("deal_count", "Deals won: 2 deals", 2, 1, None, None, "count")
    start, end = "2026-05-25T00:00:00+02:00", "2026-06-01T00:00:00+02:00"
    report = ReportMessage(
        "msg_1", AT, AT, "desk · Rep: ann", "en", "rep=ann", "week", 1, start, end, (kpi,)
    )
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    async with http_receiver() as server, http_session() as session:
        receiver = WebhookReceiver(Webhook(server.url, secret), session, now_ms)
        assert await receiver.send(Recipient("desk"), report) == Accepted()
    (got,) = server.requests
    StandardWebhook(SECRET).verify(got.body, dict(got.headers))
    assert got.json == {
        "type": "kpis.reported",
        "timestamp": "2026-05-28T20:26:40.000Z",
        "data": {
            "report": "desk",
            "title": "desk · Rep: ann",
            "scope": "rep=ann",
            "window": "week",
            "start": start,
            "end": end,
            "kpis": [
                {
                    "kpi": "deal_count",
                    "text": "Deals won: 2 deals",
                    "value": 2,
                    "previous": 1,
                    "target": None,
                    "met": None,
                    "unit": "count",
                }
            ],
        },
    }
