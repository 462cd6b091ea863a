"""The tables `[[notify.report]]`: what they may have, and what is refused with its line."""

from pathlib import Path

import pytest

from streams.config.declaration import BadSetting
from streams.config.rules import parse
from streams.config.rules.notify.receivers import Slack
from streams.config.rules.notify.reports import Every, Report
from streams.config.rules.table import read_table

REPORT = '[[notify.report]]\nname = "a"\nslack_url_file = "f"\n'
EVERY = 'every = { day = "monday", at = "08:00" }\n'
KPIS = 'kpis = ["revenue_won"]\n'
MAIL = '[notify.mail]\nhost = "smtp.example.com"\nfrom = "KPIs <kpis@example.com>"\n'


def reports(text: str) -> tuple[Report, ...]:
    return parse(read_table(text, "rules.toml")).notify.reports


def test_report_has_defaults() -> None:
    assert reports(REPORT + KPIS + EVERY) == (
        Report(
            name="a",
            receiver=Slack(Path("f")),
            kpis=("revenue_won",),
            every=Every(480, 0),
            scope="all",
            window="week",
            zone="",
            language="en",
        ),
    )


def test_report_has_zone_language_and_scope_as_events_write_it() -> None:
    more = 'timezone = "Asia/Yerevan"\nlanguage = "hy"\nscope = "team= north "\n'
    (found,) = reports(REPORT + KPIS + more + 'every = { at = "18:30" }')
    assert (found.zone, found.language, found.scope) == ("Asia/Yerevan", "hy", "team=north")
    assert found.every == Every(1110, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (REPORT + KPIS, r"line 1: notify\.report\[0\]\.every\.at is missing; write it down"),
        (REPORT + EVERY, r"line 1: notify\.report\[0\]\.kpis is missing; write it down"),
        (
            '[[notify.report]]\nname = "a"\n' + KPIS + EVERY,
            r"line 2: notify\.report\[0\]\.name has no receiver; a report has one of slack_url",
        ),
        (
            REPORT + 'kpis = [\n"deal_count",\n"revenue_wan"]\n' + EVERY,
            r'line 6: notify\.report\[0\]\.kpis has "revenue_wan", which is no KPI; .*'
            r"did you mean revenue_won\?",
        ),
        (
            '[catalogue]\nkpis = ["deal_count"]\n' + REPORT + KPIS + EVERY,
            r'line 6: .*kpis has "revenue_won", which is not counted; see \[catalogue\]',
        ),
        (
            REPORT + 'kpis = ["forecast"]\nwindow = "day"\n' + EVERY,
            r'line 4: .*kpis has "forecast", which has no window day: it has week, month',
        ),
        (
            REPORT + 'kpis = ["marketing_spend"]\nscope = "rep=ann"\n' + EVERY,
            r'line 4: .*kpis has "marketing_spend", which is not told apart by rep; write it',
        ),
        (REPORT + "kpis = []\n" + EVERY, r"line 4: .*kpis is empty; name 1 to 30"),
        (
            REPORT + KPIS + 'scope = "ann"\n' + EVERY,
            r'line 5: .*scope is "ann"; write "all", "team=a" or "rep=ann"',
        ),
        (
            REPORT + KPIS + EVERY + 'window = "hour"',
            r'line 6: .*window is "hour"; it must be one of week, day, month, quarter',
        ),
        (
            REPORT + KPIS + EVERY + 'language = "de"',
            r'line 6: .*language is "de"; it must be one of en, bg, fa, hy',
        ),
        (REPORT + KPIS + EVERY + 'timezone = "Sofia"', r"line 6: .*timezone is no IANA time zone"),
        (
            REPORT + KPIS + 'every = { day = "mon", at = "08:00" }',
            r'line 5: notify\.report\[0\]\.every\.day is "mon"; it must be one of monday,',
        ),
        (
            REPORT + KPIS + 'every = { day = "monday", at = "8" }',
            r'line 5: notify\.report\[0\]\.every\.at is "8"; it must be a time of day',
        ),
        (
            '[[notify.route]]\nname = "a"\nslack_url_file = "f"\n' + REPORT + KPIS + EVERY,
            r'line 5: notify\.report\[0\]\.name is "a" twice; give each route and report its own',
        ),
        (
            '[[notify.report]]\nname = "a"\nemail = ["a@example.com"]\n' + KPIS + EVERY,
            r"line 3: .*email has no mail server; write \[notify\.mail\] and its host",
        ),
        (
            MAIL + '[notify.addresses]\nann = "ann@example.com"\n[[notify.report]]\nname = "a"\n'
            'email = "rep"\nscope = "all"\n' + KPIS + EVERY,
            r'line 9: .*scope stands beside email = "rep"; each rep gets the rep',
        ),
    ],
)
def test_rule_that_cannot_be_meant_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(BadSetting, match=message):
        reports(text)
