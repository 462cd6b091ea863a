"""A table of targets: every row becomes an event, or the table is refused with each wrong row."""

import csv
import io
from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.operations.targets import NO_VALUE, read_targets
from streams.wiring.catalogue import catalogue, known_names

AT = "2026-01-01T00:00:00+01:00"
KNOWN = known_names(catalogue(Settings()))
HEAD = "kpi,scope,window,value,start\n"

names = st.text(st.characters(categories=("L", "Nd"), max_codepoint=0x24F), min_size=1, max_size=9)
targets = st.fixed_dictionaries(
    {
        "kpi": st.sampled_from(["revenue_won", "deal_count", "close_rate"]),
        "scope": st.one_of(st.just(""), names),
        "window": st.sampled_from(["day", "month", "last_30d"]),
        "value": st.decimals(0, 10**6, places=2).map(str),
        "start": st.one_of(st.just(""), st.dates(date(1971, 1, 1), date(2198, 12, 31)).map(str)),
    }
)


def read(text: str) -> tuple[list[dict[str, Any]], list[str]]:
    found = read_targets(text.encode(), AT, KNOWN)
    return [orjson.loads(each.value) for each in found.records], list(map(str, found.problems))


@given(
    st.lists(targets, min_size=1), st.sampled_from(",;\t"), st.permutations(HEAD.strip().split(","))
)
def test_every_row_is_an_event_whatever_the_form_of_the_table(
    rows: list[dict[str, str]], delimiter: str, columns: list[str]
) -> None:
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, delimiter=delimiter)
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, "scope": f"rep={row['scope']}" if row["scope"] else "all"})
    events, problems = read("\ufeff" + table.getvalue())
    assert problems == []
    for event, row in zip(events, rows, strict=True):
        expected = {"kpi": row["kpi"], "window": row["window"], "value": row["value"]}
        expected |= {"type": "target.set", "at": AT}
        assert expected.items() <= event.items()
        assert event["scope"] == ({"rep": row["scope"]} if row["scope"] else {})
        assert event.get("start", "") == row["start"]


def test_the_same_table_at_the_same_instant_is_the_same_events() -> None:
    text = HEAD + "revenue_won,all,month,1000,\ndeal_count,rep=ann,day,3,\n"
    assert read(text) == read(text)
    ids = [event["id"] for event in read(text)[0]]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["line 1: the column 'kpi' is missing; the first line names the columns"]),
        (HEAD, ["line 1: the table has no targets"]),
        (
            "kpi,scope,window\n",
            ["line 1: the column 'value' is missing; the first line names the columns"],
        ),
        (
            "kpi,scope,window,value,note\n",
            ["line 1: there is no column 'note'; known: kpi, scope, window, value, start"],
        ),
        (
            HEAD + "revenue_wonn,all,month,1,\n\nrevenue_won,all,month,1,\n",
            ["line 2, field kpi: unknown KPI revenue_wonn; did you mean revenue_won?"],
        ),
        (
            HEAD + 'revenue_won,all,month,"1,234.50",\n',
            ["line 2, field value: a target is written 1234.50"],
        ),
        (HEAD + "revenue_won,all,month,,\n", [f"line 2, field value: {NO_VALUE}"]),
        (HEAD + "revenue_won,all,month,1,,\n", ["line 2: the row has more cells than columns"]),
        (HEAD + 'revenue_won,all,month,"1\n', ["line 2: no CSV: unexpected end of data"]),
    ],
)
def test_what_is_wrong_is_named(text: str, problems: list[str]) -> None:
    assert read(text)[1] == problems


def test_a_table_in_another_encoding_is_refused() -> None:
    found = read_targets((HEAD + "revenue_won,rep=Jörg,month,1,\n").encode("latin-1"), AT, KNOWN)
    assert [str(each) for each in found.problems] == [
        "line 1: the table is not UTF-8: save it as CSV UTF-8"
    ]
