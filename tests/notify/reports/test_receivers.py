"""Reports as receivers get them: a mail's subject, and the values for programs."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from standardwebhooks import Webhook as StandardWebhook

from streams.config.rules.notify.receivers import Webhook
from streams.notify.clock import now_ms
from streams.notify.core.alert import Alert
from streams.notify.core.message import Change, Message, Recipient, ReportedKpi, ReportMessage
from streams.notify.receivers.email import mail
from streams.notify.receivers.http import WebhookReceiver
from streams.notify.receivers.outcome import Accepted
from streams.notify.receivers.receivers import http_session
from tests.notify.receiving import http_receiver
from tests.notify.reports.week import KPIS, plain, report
from tests.notify.test_receivers import AT, SECRET
from tests.page.views.document import parse


def test_mail_keeps_the_spaces_of_a_subject_in_any_letters() -> None:
    subject = "понеделник · Цялата фирма · 25 май – 31 май 2026, всички числа за седмицата"
    report = ReportMessage("msg_1", AT, AT, subject, "bg", "all", "week", 1, "", "", ())
    sent = mail("kpis@example.com", "ann@example.com", report).as_bytes()
    assert message_from_bytes(sent, policy=default)["Subject"] == subject


def parts(report: ReportMessage) -> tuple[EmailMessage, EmailMessage]:
    """The text and the HTML of a report's mail, as they arrive."""
    sent = mail("kpis@example.com", "ann@example.com", report)
    got = message_from_bytes(sent.as_bytes(), policy=default)
    assert got.get_content_type() == "multipart/alternative"
    assert got["Content-Language"] == report.language
    text, html = got.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    return text, html


def test_mail_of_a_report_has_the_same_as_text_and_as_a_table() -> None:
    sent = report(f"kpis = {list(KPIS)}")
    text, html = parts(sent)
    page = parse(html.get_content().removeprefix("<!doctype html>"))
    assert page.one("h1").text == sent.title
    rows = [[cell.text for cell in row.all("td")] for row in page.one("tbody").all("tr")]
    names = [row.one("th").text for row in page.one("tbody").all("tr")]
    assert names[:2] == ["Revenue", "Deals won"]
    assert [plain(cell) for cell in rows[0]] == [
        "€2,201",
        "€1,201 more than the week before (better)",
        "target €3,000, not met",
    ]
    assert [cell.text for cell in page.one("thead").all("th")] == [
        "KPI",
        "Value",
        "Change",
        "Target",
    ]
    body = text.get_content()
    assert all(cell in body for row in rows for cell in row)


def test_persian_mail_is_a_table_from_right_to_left() -> None:
    _, html = parts(report(f'kpis = {list(KPIS)}\nlanguage = "fa"'))
    page = parse(html.get_content().removeprefix("<!doctype html>"))
    root, table = page.one("html"), page.one("table")
    assert (root.attributes["lang"], root.attributes["dir"]) == ("fa", "rtl")
    assert table.attributes["dir"] == "rtl"
    assert {cell.attributes["align"] for cell in [*table.all("td"), *table.all("th")]} == {"right"}
    assert next(table.all("td")).text.startswith("\u200e€") or "۲" in next(table.all("td")).text


def test_names_in_a_report_are_no_markup() -> None:
    text = 'kpis = ["deal_count"]\nscope = "team=<script>alert(1)</script>&"'
    _, html = parts(report(text))
    content = html.get_content()
    assert "<script>" not in content
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in content


def test_mail_of_an_alert_is_text_alone() -> None:
    alert = Alert("lead_unanswered", "lead-1", "ann", "2026-05-28T22:26:40+02:00", "Lead waits.")
    sent = mail("a@example.com", "b@example.com", Message("m", AT, (Change("k", "raised", alert),)))
    assert sent.get_content_type() == "text/plain"


async def test_webhook_gets_a_report_with_its_values(tmp_path: Path) -> None:
    cells = ("Deals won", "2 deals", "", "")
    kpi = ReportedKpi("deal_count", "Deals won: 2 deals", 2, 1, None, None, "count", cells)
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
