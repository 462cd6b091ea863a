"""The service with a real mail server: to each rep, and to each address by itself."""

from pathlib import Path

from prometheus_client import generate_latest

from streams.config.settings import Settings
from tests.notify.alerting import alert_writer, rules_of
from tests.notify.receiving import PASSWORD, MailReceiver, mail_receiver
from tests.notify.test_service import notifying


def mail_table(server: MailReceiver, certificate: Path) -> str:
    password = certificate.with_name("password")
    password.write_text(PASSWORD)
    return (
        f'[notify.mail]\nhost = "localhost"\nport = {server.port}\nfrom = "kpis@example.com"\n'
        f'user = "kpis"\npassword_file = "{password}"\nca_file = "{certificate}"\n'
    )


async def test_each_rep_gets_the_reps_own_alerts(settings: Settings, tmp_path: Path) -> None:
    with mail_receiver(tmp_path) as (server, certificate):
        written = mail_table(server, certificate) + (
            '[notify.addresses]\nann = "ann@example.com"\nbob = "bob@example.com"\n'
            '[[notify.route]]\nname = "reps"\nemail = "rep"\n'
        )
        async with (
            notifying(settings, rules_of(written)) as metrics,
            alert_writer(settings) as writer,
        ):
            await writer.raise_alerts("lead-1", rep="ann")
            await writer.raise_alerts("lead-2", rep="bob")
            await writer.raise_alerts("lead-3", rep="eve")
            await server.until(2)
        subjects = {
            to[0]: mail["Subject"] for to, mail in zip(server.to, server.mails, strict=True)
        }
        assert set(subjects) == {"ann@example.com", "bob@example.com"}
        assert "lead-1" in subjects["ann@example.com"]
        assert "lead-2" in subjects["bob@example.com"]
        shown = generate_latest(metrics.registry).decode().splitlines()
        assert 'sales_kpis_notify_reps_without_address{route="reps"} 1.0' in shown


async def test_address_that_is_deferred_gets_its_mail_later_and_the_other_no_second(
    settings: Settings, tmp_path: Path
) -> None:
    with mail_receiver(tmp_path) as (server, certificate):
        server.refuses["slow@example.com"] = "450 come again"
        written = mail_table(server, certificate) + (
            '[[notify.route]]\nname = "mail"\nemail = ["quick@example.com", "slow@example.com"]\n'
        )
        async with notifying(settings, rules_of(written)), alert_writer(settings) as writer:
            await writer.raise_alerts("lead-1")
            await server.until(1)
            del server.refuses["slow@example.com"]
            await server.until(2)
        assert server.to == [["quick@example.com"], ["slow@example.com"]]
