"""What a report says, in every language, of records that follow from events."""

import json

import pytest

from streams.languages import LANGUAGES
from tests.notify.reports.week import KPIS, plain, report

ENGLISH = [
    "Revenue: €2,201; €1,201 more than the week before (better); target €3,000, not met",
    "Deals won: 2 deals; 1 deal more than the week before (better)",
    "Close rate: 66.7% (2 of 3); 33.3 pts less than the week before (worse)",
    "Response time: 20 min (mean; half within 20 min, 9 of 10 within 20 min);"
    " 1.7 hr less than the week before (better)",
    "Open pipeline: €5,000; the same as the week before",
    "Calls: 0 calls; the same as the week before",
]


def lines(code: str, *kpis: str, more: str = "") -> list[str]:
    message = report(f'kpis = {json.dumps(kpis)}\nlanguage = "{code}"\n{more}')
    return [plain(each.text) for each in message.kpis]


def test_report_says_value_change_and_target() -> None:
    assert lines("en", *KPIS) == ENGLISH


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (
            "bg",
            "Приход: 2 201 €; 1 201 € повече от предходната седмица (по-добре);"
            " цел 3 000 €, непостигната",
        ),
        ("fa", "درآمد: € ۲٬۲۰۱؛ € ۱٬۲۰۱ بیشتر از هفتهٔ پیش (بهتر)؛ هدف € ۳٬۰۰۰، محقق نشد"),
        (
            "hy",
            "Եկամուտ: 2 201 €; 1 201 € ավելի, քան նախորդ շաբաթ (ավելի լավ);"
            " նպատակը՝ 3 000 €, կատարված չէ",
        ),
    ],
)
def test_report_is_written_as_its_reader_writes(code: str, line: str) -> None:
    assert lines(code, "revenue_won") == [line]


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("window", ["day", "week", "month", "quarter"])
def test_report_of_every_window_has_a_line_for_each_kpi(code: str, window: str) -> None:
    assert len(lines(code, *KPIS, more=f'window = "{window}"')) == len(KPIS)


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("en", "Monday numbers · Rep: ann · May 25 – May 31, 2026"),
        ("bg", "Monday numbers · Търговец: ann · 25 май – 31 май 2026"),
        ("fa", "Monday numbers · فروشنده: ann · ۲۵ مه – ۳۱ مه ۲۰۲۶"),
        ("hy", "Monday numbers · Վաճառող: ann · 25 մյս – 31 մյս 2026"),
    ],
)
def test_title_says_whose_numbers_of_which_days(code: str, title: str) -> None:
    more = f'kpis = ["revenue_won"]\nscope = "rep=ann"\nlanguage = "{code}"'
    assert report(more).title == title


def test_level_that_did_not_change_is_what_it_was() -> None:
    assert lines("en", "pipeline_amount", more='window = "day"') == [
        "Open pipeline: €5,000; the same as the day before"
    ]


def test_kpi_with_nothing_to_divide_by_has_no_value() -> None:
    assert lines("en", "close_rate", more='window = "day"') == ["Close rate: no value"]


def test_first_value_has_nothing_before_it() -> None:
    found = lines("en", "close_rate", more='window = "month"')
    assert found == ["Close rate: 75% (3 of 4); no value the month before"]


def test_less_is_better_where_the_catalogue_says_so() -> None:
    assert "(better)" in lines("en", "response_time")[0]


def test_values_are_exact_for_programs() -> None:
    (found,) = report('kpis = ["revenue_won"]').kpis
    assert (found.value, found.previous, found.target) == ("2200.50", "1000.00", "3000.00")
    assert (found.met, found.unit) == (False, "money:EUR")


def test_report_is_the_same_when_it_is_written_again() -> None:
    more = 'kpis = ["revenue_won"]'
    assert report(more) == report(more)


def test_id_is_that_of_name_and_window() -> None:
    ids = [
        report('kpis = ["revenue_won"]').id,
        report('kpis = ["revenue_won", "deal_count"]\nlanguage = "bg"').id,
        report('kpis = ["revenue_won"]\nwindow = "day"').id,
    ]
    assert ids[0] == ids[1] != ids[2]
