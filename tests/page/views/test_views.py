"""The views: what is shown of records and alerts, read without script."""

import re
from datetime import date
from typing import Any

import pytest

from streams.page.access.viewer import Viewer
from streams.page.choice import Choice
from streams.page.views.render import stream_address
from tests.page.views.company import MARKUP, VIEWS, page, past_page
from tests.page.views.document import Element, parse

EVERY_VIEW = [*VIEWS, "rep"]
KINDS = ["full", "empty"]


def shown(view: str, kind: str = "full", **choices: Any) -> Element:
    if view == "rep":
        return parse(page("people", kind, rep="ann", **choices))
    return parse(page(view, kind, **choices))


def card(document: Element, kpi: str) -> Element:
    [found] = [
        c for c in document.all(name="card") if c.attributes["data-key"].startswith(kpi + "|")
    ]
    return found


def is_complete(value: Element) -> bool:
    """Whether a number has a unit, or is absent for a reason."""
    number = value.one("data")
    kind = number.attributes["data-kind"]
    if number.text == "–":
        return len(list(value.all(name="reason"))) == 1
    has_sign = kind in ("ms", "ratio") or (kind.startswith("money:") and "/" not in kind)
    if has_sign:
        return re.search(r"[^\d.,\s-]", number.text) is not None
    return value.one(name="unit").text != ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("view", EVERY_VIEW)
def test_no_number_lacks_its_unit(view: str, kind: str) -> None:
    values = list(shown(view, kind).all(name="value"))
    assert [value.text for value in values if not is_complete(value)] == []


@pytest.mark.parametrize("view", [v for v in EVERY_VIEW if v != "alerts"])
def test_full_view_shows_numbers(view: str) -> None:
    numbers = [n for n in shown(view).all("data") if n.attributes["value"]]
    assert len(numbers) >= 4


@pytest.mark.parametrize("view", [v for v in EVERY_VIEW if v != "alerts"])
def test_view_without_a_record_says_what_to_do_next(view: str) -> None:
    main = shown(view, "empty").one("main")
    assert main.one("h1").text == "No numbers yet"
    assert "docs/guide/send-events.md" in main.text


def test_alerts_without_an_alert_say_so() -> None:
    assert "Nothing stands." in shown("alerts", "empty").one("main").text


@pytest.mark.parametrize("view", EVERY_VIEW)
def test_page_has_no_code_and_no_style_inside(view: str) -> None:
    document = shown(view)
    assert all(script.attributes.get("src") for script in document.all("script"))
    assert not list(document.all("style"))
    inside = [n for e in document.all() for n in e.attributes if n == "style" or n[:2] == "on"]
    assert inside == []


@pytest.mark.parametrize("view", EVERY_VIEW)
def test_page_asks_nothing_of_others(view: str) -> None:
    loaded = [
        element.attributes[name]
        for element in shown(view).all()
        for name in ("src", "href", "action", "data-stream")
        # What is followed on a click says nothing of this page to who is asked.
        if name in element.attributes and element.attributes.get("rel") != "noreferrer"
    ]
    assert [address for address in loaded if address[:1] not in ("/", "#", "")] == []


@pytest.mark.parametrize("view", EVERY_VIEW)
def test_every_id_is_there_once(view: str) -> None:
    ids = [e.attributes["id"] for e in shown(view).all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("view", EVERY_VIEW)
def test_page_has_one_heading_of_the_first_rank(view: str) -> None:
    assert len(list(shown(view).all("h1"))) == 1


@pytest.mark.parametrize("view", EVERY_VIEW)
def test_names_from_outside_are_no_markup(view: str) -> None:
    rep: dict[str, Any] = {"rep": MARKUP} if view == "rep" else {}
    html = page("people" if view == "rep" else view, "marked", **rep)
    assert MARKUP not in html


def test_today_has_eight_cards() -> None:
    assert len(list(shown("today").all(name="card"))) == 8


def test_share_says_how_many_of_how_many() -> None:
    # Seven leads have an answer, within 10 to 64 minutes: that of lead 6 took more than an hour.
    # Lead 7 has waited for six hours.
    found = card(shown("today"), "response_within_hour")
    assert found.one("data").text == "75%"
    assert "6 of 8" in found.text


def test_target_is_named_beside_the_number() -> None:
    found = card(shown("today"), "revenue_won")
    # Deals 0, 1 and 3 are won: 1200 + 1300 + 1500.
    assert found.one("data").text == "€4,000"
    assert "target €9,000" in found.text


def test_value_of_nothing_is_a_dash_with_its_reason() -> None:
    found = card(shown("today", scope="rep=bob"), "close_rate")
    assert found.one(name="value").text == "– no deal closed yet"


def test_none_of_what_is_counted_is_a_zero() -> None:
    found = card(shown("today", scope="rep=bob"), "deal_count")
    assert found.one(name="value").text == "0 deals"


def test_lead_without_an_answer_waits_since_it_came() -> None:
    [item] = shown("today").one(name="lead_unanswered").all("li")
    assert "acme:lead:7" in item.text
    assert item.one("time").text == "6 hr"
    assert item.classes == {"bad"}


def test_lead_is_linked_to_its_crm() -> None:
    [link] = [a for a in shown("today").all("a") if a.text == "acme:lead:7"]
    assert link.attributes["href"] == "https://crm.example.com/leads/7"


def test_lead_of_another_rep_is_not_shown_to_a_rep() -> None:
    viewer = Viewer(frozenset(["rep=ann"]))
    html = page("today", viewer=viewer, scope="rep=ann")
    assert "acme:lead:7" not in html
    assert "bob" not in html


def test_people_are_sorted_by_a_chosen_column() -> None:
    [_, reps] = shown("people", sort="call_count").all("table")
    assert [row.one("th").text for row in reps.one("tbody").all("tr")] == ["bob", "ann"]


def test_people_have_no_rank_until_asked() -> None:
    assert "Rank" not in shown("people").one("main").text.replace("Show ranks", "")
    assert len([h for h in shown("people", is_ranked=True).all("th") if h.text == "Rank"]) == 2


def test_overdue_invoice_is_in_the_class_of_its_age() -> None:
    # Due on 1 February, so that it is overdue since the 2nd: 30 days and some hours.
    rows = [row.text for row in shown("money").all("tr")]
    assert "up to 30 days€7001 invoice" in rows


def test_definition_is_bound_to_its_button() -> None:
    found = card(shown("today"), "close_rate")
    about = found.one("button").attributes["aria-describedby"]
    assert found.one(name="about").attributes["id"] == about
    assert "deals won / (deals won + deals lost)" in found.one(name="about").text


def test_page_of_another_day_does_not_move() -> None:
    document = shown("today", as_of=date(2026, 3, 4))
    assert document.one("body").attributes["data-stream"] == ""
    assert any("Nothing moves" in band.text for band in document.all(name="band"))


def test_page_of_another_day_has_the_numbers_of_its_end() -> None:
    # On 3 March deal 0 was won and deal 2 lost; deals 1 and 3 were won on the day after.
    document = parse(past_page("today", date(2026, 3, 3)))
    assert "1 of 2" in card(document, "close_rate").text
    assert "Mar 3 as it ended" in document.one("body").text


def test_page_of_another_day_has_no_alerts_of_today() -> None:
    html = past_page("today", date(2026, 3, 3))
    assert "acme:lead:7" not in html
    assert "Alerts of another day are in the view Alerts." in html


def test_pipeline_of_another_day_has_the_stages_of_its_end() -> None:
    # Deals 4 and 6 were open: 1600 + 1800.
    document = parse(past_page("pipeline", date(2026, 3, 3)))
    rows = [row.text for row in document.all("tr")]
    assert "proposal€3,4002 deals" in rows


def test_lists_of_another_day_have_no_count_that_is_not_known() -> None:
    past, now = parse(past_page("pipeline", date(2026, 3, 3))), shown("pipeline")
    lists = [list(document.all("section", "alerts")) for document in (past, now)]
    assert [len(each) for each in lists] == [2, 2]
    assert not [badge for each in lists[0] for badge in each.all(name="badge")]
    assert all(list(each.all(name="badge")) for each in lists[1])


def stages_of(document: Element) -> list[str]:
    return [row.text for row in document.all("tr") if row.text.startswith("proposal")]


def test_levels_of_a_day_without_a_fact_are_those_of_the_last_day_with_one() -> None:
    known = parse(past_page("pipeline", date(2026, 3, 8)))
    begun_later = parse(past_page("pipeline", date(2026, 3, 8), is_begun_later=True))
    assert stages_of(begun_later) == stages_of(known) == ["proposal€5,1003 deals"]
    amounts = [card(it, "pipeline_amount").one("data").text for it in (known, begun_later)]
    assert amounts[0] == amounts[1] != "–"
    assert "history began later" in card(begun_later, "forecast").text


def test_window_before_without_a_fact_is_no_praise() -> None:
    found = card(shown("today"), "call_count")
    assert "none in the same days of the period before" in found.text
    assert not list(found.all(name="mood"))


def test_links_keep_what_is_chosen() -> None:
    document = shown("today", scope="rep=ann", window="quarter", language="bg")
    [people] = [a for a in document.one("nav").all("a") if a.text == "Хора"]
    assert people.attributes["href"] == "/people?scope=rep%3Dann&window=quarter&lang=bg"


def test_rep_of_a_page_is_no_choice_for_other_pages() -> None:
    document = parse(page("people", rep="ann", scope="rep=ann"))
    [today] = [a for a in document.one("nav").all("a") if a.text == "Today"]
    assert today.attributes["href"] == "/today?lang=en"


def test_stream_names_no_kpi_that_is_not_counted() -> None:
    # The stream refuses names that it does not know.
    address = stream_address(Choice(view="money"), {"settings": {}, "overdue": {}})
    assert address == "/api/stream?kpi=overdue&window=month"


def test_stream_of_alerts_does_not_ask_for_every_record() -> None:
    address = stream_address(Choice(view="alerts"), {"settings": {}, "overdue": {}})
    assert address == "/api/stream?kpi=overdue&window=day&scope=all"


def test_wall_has_no_controls() -> None:
    document = shown("today", is_tv=True)
    assert not list(document.all("form"))
    assert not list(document.all("nav"))
