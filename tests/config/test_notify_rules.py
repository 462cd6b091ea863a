"""The table `[notify]`: what it may have, and what is refused with its line."""

from pathlib import Path

import pytest

from streams.config.declaration import BadSetting
from streams.config.rules import Rules, parse
from streams.config.rules.notify.mail import MailRules
from streams.config.rules.notify.quiet import QuietHours
from streams.config.rules.notify.routes import Email, Slack, Webhook
from streams.config.rules.table import read_table
from streams.config.settings import Settings
from streams.wiring.describe import in_force

ROUTE = '[[notify.route]]\nname = "a"\n'
SLACK = ROUTE + 'slack_url_file = "f"\n'
MAIL = '[notify.mail]\nhost = "smtp.example.com"\nfrom = "KPIs <kpis@example.com>"\n'


def rules(text: str) -> Rules:
    return parse(read_table(text, "rules.toml"))


def test_without_the_table_nobody_is_notified() -> None:
    assert rules("").notify.routes == ()


def test_route_has_defaults() -> None:
    (route,) = rules(SLACK).notify.routes
    assert route.receiver == Slack(Path("f"))
    assert (route.kinds, route.reps, route.teams, route.quiet) == ((), (), (), None)
    assert route.digest_ms == 60_000


def test_mail_has_the_port_of_its_encryption() -> None:
    assert rules(MAIL).notify.mail == MailRules(
        host="smtp.example.com",
        port=587,
        security="starttls",
        sender="KPIs <kpis@example.com>",
        user="",
        password_file=None,
        ca_file=None,
    )
    found = rules(MAIL + 'security = "tls"').notify.mail
    assert found is not None
    assert found.port == 465


def test_receivers_are_read() -> None:
    written = ROUTE + 'url = "https://example.com/h"\nsecret_file = "s"\n'
    assert rules(written).notify.routes[0].receiver == Webhook("https://example.com/h", Path("s"))
    written = MAIL + ROUTE + 'email = ["a@example.com"]\n'
    assert rules(written).notify.routes[0].receiver == Email(("a@example.com",))
    written = MAIL + '[notify.addresses]\nann = "a@example.com"\n' + ROUTE + 'email = "rep"\n'
    found = rules(written).notify
    assert found.routes[0].receiver == Email(())
    assert found.addresses == {"ann": "a@example.com"}


def test_quiet_hours_are_minutes_and_days() -> None:
    quiet = 'quiet = { from = "20:00", to = "07:30", days = ["sunday"], zone = "Asia/Tehran" }'
    assert rules(SLACK + quiet).notify.routes[0].quiet == QuietHours(
        begins=1200, ends=450, days=frozenset({6}), zone="Asia/Tehran"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ROUTE, r"line 2: notify\.route\[0\]\.name has no receiver; a route has one of slack_url"),
        (
            SLACK + 'url = "https://example.com"\n',
            r"line 4: notify\.route\[0\]\.url stands beside slack_url_file; a route has one of",
        ),
        (
            SLACK + SLACK,
            r'line 5: notify\.route\[1\]\.name is "a" twice; give each route and report its own',
        ),
        (
            SLACK + 'kinds = [\n"lead_unanswred"]',
            r'line 5: notify\.route\[0\]\.kinds has "lead_unanswred"; each is one of .*'
            r"did you mean lead_unanswered\?",
        ),
        (SLACK + "reps = []", r"line 4: notify\.route\[0\]\.reps is empty; name at least one"),
        (SLACK + 'digest = "0s"', r"line 4: .*digest is \"0s\"; give it more than 0 s"),
        (SLACK + "colour = 1", r"line 4: notify\.route\[0\]\.colour is no rule; known here: "),
        (
            ROUTE + 'url = "http://example.com/h"',
            r"line 3: notify\.route\[0\]\.url is not encrypted: only receivers on this machine",
        ),
        (ROUTE + 'url = "ftp://example.com"', r"line 3: .*url is no https address; write it like"),
        (
            ROUTE + 'url = "https://example.com/h"',
            r"line 1: notify\.route\[0\]\.secret_file is missing; write it down",
        ),
        (
            ROUTE + 'email = ["a@example.com"]',
            r"line 3: .*email has no mail server; write \[notify\.mail\] and its host",
        ),
        (MAIL + ROUTE + 'email = "rep"', r'line 6: .*email is "rep"; write \[notify\.addresses\]'),
        (
            MAIL + ROUTE + 'email = ["a@example.com", "b"]',
            r'line 6: notify\.route\[0\]\.email has "b"; write an address',
        ),
        (
            MAIL + 'security = "none"',
            r'line 4: notify\.mail\.security is "none"; .* smtp\.example\.com needs "starttls"',
        ),
        (MAIL + 'user = "u"', r"line 4: notify\.mail\.user and password_file belong together"),
        (
            '[notify.addresses]\nann = "a@b@c"',
            r'line 2: notify\.addresses\.ann is "a@b@c"; write an address, such as',
        ),
        (SLACK + 'quiet = { from = "20:00" }', r"line 4: .*quiet\.to is missing; write it down"),
        (
            SLACK + 'quiet = { from = "20:00", to = "20:00" }',
            r"line 4: .*quiet\.to is the same as from",
        ),
        (
            SLACK + 'quiet = { from = "24:00", to = "07:00" }',
            r'line 4: .*quiet\.from is "24:00"; it must be a time of day',
        ),
        (
            SLACK + 'quiet = { days = ["sunday"], zone = "Sofia" }',
            r"line 4: .*quiet\.zone is no IANA time zone",
        ),
    ],
)
def test_rule_that_cannot_be_meant_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(BadSetting, match=message):
        rules(text)


def test_nothing_of_it_is_published() -> None:
    found = in_force(Settings(), rules(SLACK))
    assert "notify" not in found["rules"]
    assert "commission" in found["rules"]
