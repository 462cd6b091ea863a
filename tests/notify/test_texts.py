"""The words of a message, of alerts as workers publish them."""

import orjson
import pytest

from streams.notify.core.alert import decode
from streams.notify.core.message import Action, Change, Message
from streams.notify.core.texts import alert_sentence, lines, title
from tests.alerts.current import current_alerts
from tests.kpis.story import lead, said, won

TARGET, LEAD = "target_off_pace|{}|rep=ann|month", "lead_unanswered|lead-1"
SENTENCES = {
    "en": "No person has called or written to lead lead-1 within 1 hr of its coming.",
    "bg": "Никой не се е обадил или писал на запитване lead-1 в рамките на 1 ч от постъпването му.",
}


def message(*actions: Action, language: str = "en") -> Message:
    """Changes of an alert about a lead."""
    found = current_alerts(lead("03-10 09:00", rep="ann"))
    alert = decode(orjson.dumps(dict(found[LEAD])))
    changes = tuple(Change(LEAD, action, alert) for action in actions)
    return Message("msg_1", 0, changes, language)


@pytest.mark.parametrize(
    ("kpi", "target", "name"),
    [("revenue_won", "5000", "Revenue"), ("deal_size_mix", "40", "Deals won by size")],
)
def test_alert_about_a_target_has_the_name_of_its_kpi(kpi: str, target: str, name: str) -> None:
    planned = said(
        "target.set", "01-01 00:00", kpi=kpi, window="month", value=target, scope={"rep": "ann"}
    )
    found = current_alerts(planned, won("03-10 09:00", amount="100", rep="ann"))
    key = TARGET.format(kpi)
    alert = decode(orjson.dumps(dict(found[key])))
    told = title(Message("msg_1", 0, (Change(key, "raised", alert),)))
    assert told == (f"{name}, ann: below 80% of the pace to the target, Mar 1 – Mar 31, 2026 (ann)")


@pytest.mark.parametrize("language", SENTENCES)
def test_one_alert_is_told_in_the_language_of_its_route(language: str) -> None:
    found = message("raised", language=language)
    assert title(found) == f"{SENTENCES[language]} (ann)"
    assert alert_sentence(found.changes[0], found) == SENTENCES[language]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "No longer so: 1"),
        ("bg", "Вече не важат: 1"),
        ("fa", "دیگر برقرار نیست: ۱"),
        ("hy", "Այլևս ուժի մեջ չեն՝ 1"),
    ],
)
def test_title_of_several_counts_them(language: str, told: str) -> None:
    found = title(message("ended", "raised", language=language))
    assert found.lower().endswith(told.lower())
    assert title(message("ended", "moved")) == "No longer so: 2"


def test_what_is_gone_is_told_after_what_is_new_and_the_rest_is_counted() -> None:
    told = f"{SENTENCES['en']} (ann)"
    found = list(lines(message("ended", "moved", "raised", "raised"), 3))
    assert found == [told, told, f"No longer so: {told}", "… and 1 more"]
    assert list(lines(message("moved"), 3)) == [f"Now somebody else's: {told}"]


def test_kind_of_ones_own_is_named_by_its_name() -> None:
    alert = decode(
        orjson.dumps(
            {
                "kind": "deal_sleeps",
                "subject": "x",
                "rep": None,
                "since": "",
                "text": "It sleeps.",
            }
        )
    )
    changes = (Change("a", "raised", alert), Change("b", "raised", alert))
    assert title(Message("msg_1", 0, changes)) == "New alerts: 2 (deal sleeps: 2)"
