"""The desk: what is due to whom, on the report's clock and of the reporting zone's windows."""

from datetime import date

from streams.notify.core.message import Recipient
from streams.notify.core.reports.desk import ReportDesk
from streams.notify.reporting import published
from streams.wiring.catalogue import catalogue
from tests.notify.alerting import rules_of
from tests.notify.reports.test_occasions import ms
from tests.notify.reports.week import DAY_MS, MONDAY, settings

RULE = '[[notify.report]]\nname = "a"\nslack_url_file = "f"\nkpis = ["revenue_won"]\n'
MONDAYS = 'every = { day = "monday", at = "08:00" }\n'


def desk(text: str, since: int = 0) -> ReportDesk:
    found = ReportDesk(rules_of(text), published(catalogue(settings())))
    found.begin(since)
    return found


def test_report_is_due_on_the_clock_of_its_zone() -> None:
    tehran = desk(RULE + MONDAYS + 'timezone = "Asia/Tehran"')
    assert tehran.next_at(MONDAY - DAY_MS) == ms("2026-06-01T08:00:00+03:30")


def test_window_is_that_of_the_reporting_zone() -> None:
    # In Tokyo it is Monday at eight, in Berlin an hour past midnight.
    at = "2026-06-01T08:00:00+09:00"
    (due,) = desk(RULE + MONDAYS + 'timezone = "Asia/Tokyo"').due(ms(at))
    assert date.fromordinal(due.occasion.window.start) == date(2026, 5, 25)


def test_month_is_reported_on_the_first_monday_after_it() -> None:
    (due,) = desk(RULE + MONDAYS + 'window = "month"').due(MONDAY + 20 * DAY_MS)
    assert date.fromordinal(due.occasion.window.start) == date(2026, 5, 1)
    assert due.occasion.next_at == ms("2026-07-06T08:00:00+02:00")


def test_report_before_its_first_occasion_is_not_due() -> None:
    assert desk(RULE + MONDAYS, since=MONDAY + 1).due(MONDAY + 2) == []


def test_reps_get_the_reps_own_and_addresses_the_same() -> None:
    mail = '[notify.mail]\nhost = "smtp.example.com"\nfrom = "kpis@example.com"\n'
    people = '[notify.addresses]\nann = "ann@example.com"\nbob = "bob@example.com"\n'
    to_reps = RULE.replace('slack_url_file = "f"', 'email = "rep"') + MONDAYS
    found = desk(mail + people + to_reps)
    (due,) = found.due(MONDAY)
    assert [each.recipient for each in due.outboxes] == [
        Recipient("a", "ann"),
        Recipient("a", "bob"),
    ]
    assert set(found.asked(due).scopes) == {"rep=ann", "rep=bob"}


def test_levels_are_asked_for_as_such() -> None:
    (due,) = desk(RULE.replace("revenue_won", "pipeline_amount") + MONDAYS).due(MONDAY)
    assert desk(RULE + MONDAYS).asked(due).kpis == {"pipeline_amount": "level"}
