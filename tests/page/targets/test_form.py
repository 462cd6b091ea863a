"""The form on a card: who has it, and what it asks."""

from datetime import date
from typing import Any

import pytest

from streams.page.access.viewer import EVERYTHING, UNLIMITED, Viewer
from tests.page.views.company import MARKUP, VIEWS, page
from tests.page.views.document import Element, parse

ANN = frozenset(["rep=ann"])


def forms(view: str = "today", viewer: Viewer = UNLIMITED, **choices: Any) -> list[Element]:
    """The forms of a page that set a target."""
    return list(parse(page(view, viewer=viewer, **choices)).all("form"))[1:]


def fields(kpi: str, **choices: Any) -> dict[str, list[str]]:
    """The names and values that the form of a KPI sends, those to choose from among them."""
    found: dict[str, list[str]] = {}
    for form in forms(**choices):
        sent = [(each.attributes["name"], each.attributes["value"]) for each in form.all("input")]
        if ("kpi", kpi) in sent:
            for name, value in sent:
                found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("view", [view for view in VIEWS if view not in ("alerts", "people")])
def test_every_card_has_its_form(view: str) -> None:
    document = parse(page(view, viewer=UNLIMITED))
    assert len(list(document.all("details", "set-target"))) == len(list(document.all(name="card")))


@pytest.mark.parametrize(
    ("viewer", "choices", "count"),
    [
        (EVERYTHING, {}, 0),
        (Viewer(ANN, sets_targets=True), {"scope": "rep=ann"}, 8),
        (Viewer(ANN), {"scope": "rep=ann"}, 0),
        (UNLIMITED, {"rep": "ann"}, 8),
        (UNLIMITED, {"is_tv": True}, 0),
        (UNLIMITED, {"as_of": date(2026, 3, 3)}, 0),
    ],
)
def test_the_form_is_there_for_who_may_and_for_now(
    viewer: Viewer, choices: dict[str, Any], count: int
) -> None:
    text = page(viewer=viewer, **choices)
    assert len(list(parse(text).all("details", "set-target"))) == count


def test_a_share_is_asked_in_percent_and_shows_what_there_is() -> None:
    assert fields("response_within_hour") == {
        "kpi": ["response_within_hour"],
        "scope": ["all"],
        "window": ["month"],
        "unit": ["percent"],
        "lang": ["en"],
        "value": ["90"],
        "start": ["", "2026-03-01"],
    }


def test_money_is_asked_as_it_is_and_time_in_minutes() -> None:
    found = {kpi: fields(kpi) for kpi in ("revenue_won", "response_time")}
    assert [each["unit"] for each in found.values()] == [[""], ["minutes"]]
    assert [each["value"] for each in found.values()] == [["9000"], [""]]


def test_time_to_pay_is_asked_in_days() -> None:
    assert "Target, days" in page("money", viewer=UNLIMITED)


def test_windows_that_overlap_are_all_meant() -> None:
    assert "start" not in fields("call_count", window="last_30d")


def test_the_form_leads_back_to_what_was_chosen() -> None:
    form = forms(window="week", scope="rep=ann")[0]
    address = "%2Ftoday%3Fscope%3Drep%253Dann%26window%3Dweek%26lang%3Den"
    assert form.attributes["action"] == f"/targets?next={address}"


@pytest.mark.parametrize("window", ["day", "week", "month", "quarter", "year", "last_7d"])
def test_the_form_is_there_for_every_window(window: str) -> None:
    assert len(forms(language="bg", window=window)) == 8


def test_names_from_outside_are_no_markup() -> None:
    text = page("today", "marked", viewer=UNLIMITED, rep=MARKUP)
    assert 'class="set-target"' in text
    assert MARKUP not in text
