"""What alerts say in each language, of records as workers publish them."""

import pytest

from streams.alerts import KINDS
from streams.events.labels import split_names
from streams.languages import LANGUAGES
from streams.languages.alert_text import sentence
from streams.languages.format import HOUR, MINUTE, Formats
from streams.languages.language import language
from tests.alerts.current import Alert, current_alerts
from tests.kpis.story import (
    call,
    deal,
    invoice,
    lead,
    ordered,
    target,
    ticket,
    won,
)

EVENTS = (
    lead("03-10 09:00"),
    lead("03-01 09:00", "lead-2"),
    call("03-01 09:30", "lead-2"),
    deal("01-25 09:00", "deal-3", "lead-3", amount="1200.5", expected_close="2026-03-01"),
    invoice("01-20 09:00", "300", "02-01", subject="acme"),
    ticket("03-01 09:00", "complaint", "ticket-1", subject="acme"),
    ticket("03-05 09:00", "contract_question", "ticket-2", subject="acme"),
    *(ordered(f"{day} 09:00", f"order-{day}", subject="acme") for day in ("02-01", "02-11")),
    ordered("02-21 09:00", "order-3", subject="acme"),
    target("deal_count", "40"),
    won("03-09 09:00", "deal-4", subject="lead-4"),
)
ALERTS = {alert["kind"]: alert for alert in current_alerts(*EVENTS).values()}
ENGLISH = {
    "lead_unanswered": "No person has called or written to lead lead-1 within 1 hr of its coming.",
    "lead_one_touch": "A person has called or written to lead lead-2 once, and not again within"
    " 2 days.",
    "opportunity_stale": "Nothing has been heard for 30 days about open deal lead-3/deal-3 over"
    " €1,200.50.",
    "opportunity_expired": "Open deal lead-3/deal-3 over €1,200.50 was expected to close before"
    " Mar 2, 2026.",
    "invoice_overdue": "Account acme still owes €300.00 of invoice invoice-1, overdue since"
    " Feb 2, 2026.",
    "churn_risk": "Since Mar 5, 2026, 09:00 account acme has had so many tickets that it may"
    " leave.",
    "reorder_due": "The next order of account acme (-) was to be expected by Mar 3, 2026, 09:00.",
    "target_off_pace": "Deals won, Whole company: below 80% of the pace to the target,"
    " Mar 1 – Mar 31, 2026",
}
OTHERS = [code for code in LANGUAGES if code != "en"]


def said_in(code: str, alert: Alert) -> str:
    return sentence(alert, Formats(language(code)))


def test_story_raises_every_kind() -> None:
    assert ALERTS.keys() == set(KINDS) == ENGLISH.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_alert_is_told_in_english_with_dates_as_people_write_them(kind: str) -> None:
    assert said_in("en", ALERTS[kind]) == ENGLISH[kind]


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("kind", KINDS)
def test_alert_is_told_in_the_readers_language(kind: str, code: str) -> None:
    told = said_in(code, ALERTS[kind])
    assert told not in (ALERTS[kind]["text"], ENGLISH[kind])
    if kind != "target_off_pace":
        assert split_names(ALERTS[kind]["subject"])[0] in told


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("bg", "Клиент acme още дължи 300,00 € по фактура invoice-1, просрочена от 2 фев 2026."),
        (
            "fa",
            "مشتری \u2068acme\u2069 هنوز \u200e€ ۳۰۰٫۰۰ از فاکتور \u2068invoice-1\u2069 را"
            " بدهکار است، سررسید گذشته از ۲ فوریه ۲۰۲۶.",
        ),
        ("hy", "acme հաճախորդը դեռ պարտք է 300,00 € invoice-1 հաշվով, ժամկետանց է 2 փտվ 2026-ից։"),
    ],
)
def test_amounts_dates_and_names_have_the_form_of_the_language(code: str, told: str) -> None:
    found = said_in(code, ALERTS["invoice_overdue"])
    assert found.replace("\N{NO-BREAK SPACE}", " ") == told


@pytest.mark.parametrize("code", LANGUAGES)
def test_kind_of_ones_own_has_its_published_text(code: str) -> None:
    own = {"kind": "ours", "subject": "x", "text": "Ours."}
    assert said_in(code, own) == "Ours."


def test_record_that_lacks_what_the_sentence_needs_has_its_published_text() -> None:
    bare = {"kind": "lead_unanswered", "subject": "lead-1", "text": "Nobody has called."}
    assert said_in("bg", bare) == "Nobody has called."


def test_amount_that_is_not_known_is_said_to_be_so() -> None:
    unpriced = {**ALERTS["invoice_overdue"], "amount": None, "currency": None}
    assert "owes an unknown amount of" in said_in("en", unpriced)
    unpriced = {**ALERTS["opportunity_stale"], "amount": None, "currency": None}
    assert said_in("en", unpriced).endswith("about open deal lead-3/deal-3.")


@pytest.mark.parametrize(
    ("size", "text"), [(90 * MINUTE, "90 min"), (48 * HOUR, "2 days"), (1_500, "1,500 msec")]
)
def test_spans_are_exact(size: int, text: str) -> None:
    assert (
        Formats(language("en")).span(size).replace("ms", "msec").replace("msecec", "msec") == text
    )
