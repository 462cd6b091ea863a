import re
from io import StringIO

import pytest

from streams.config.declaration import BadSetting
from streams.sources.exports.items import BadRow, choose
from streams.sources.exports.rows import BadFile, sheet
from tests.sources.exports.sheets import DEALS, items, layout


def only(content: str, text: str = DEALS) -> dict[str, object]:
    (found,) = items(content.encode(), text)
    assert not isinstance(found, BadRow), found
    return found


def test_item_has_its_columns_by_both_names() -> None:
    assert only("ID;Budget;Site\n7;12,50;a\n") == {
        "ID": "7",
        "Budget": "12,50",
        "Site": "a",
        "id": "7",
        "amount": "12.50",
    }


def test_headers_are_compared_without_case_and_surplus_spaces() -> None:
    assert only("id ; BUDGET ;closed  at\n7;5;not closed\n")["closed"] == ""


def test_first_of_several_headers_stands() -> None:
    assert only("ID;Amount;Budget\n7;1;2\n")["amount"] == "2"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1250,5", "1250.5"),
        ("1.250,50", "1250.50"),
        ("1\u00a0250,50 ₽", "1250.50"),
        ("-3", "-3"),
        ("", ""),
    ],
)
def test_number_with_a_decimal_comma(written: str, value: str) -> None:
    assert only(f"ID;Budget\n7;{written}\n")["amount"] == value


@pytest.mark.parametrize("written", ["1,250.50", "12.5", "twelve", "1,2,3", "1e5", "NaN"])
def test_number_of_another_kind_is_a_bad_row(written: str) -> None:
    assert items(f"ID;Budget\n7;{written}\n".encode()) == [
        BadRow("Budget", f'"{written}" is no number with a decimal comma')
    ]


@pytest.mark.parametrize("written", ["1,250.50", "$1,250.50", "1250.50"])
def test_number_with_a_decimal_point(written: str) -> None:
    text = DEALS.replace('decimal = ","', "")
    assert only(f"ID;Budget\n7;{written}\n", text)["amount"] == "1250.50"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("02.03.2026 09:15", "2026-03-02T09:15:00"),
        ("02.03.2026", "2026-03-02"),
        ("2026-03-02 09:15:00", "2026-03-02T09:15:00"),
        ("2026-03-02T09:15:00.000Z", "2026-03-02T09:15:00.000Z"),
        ("Not closed", ""),
    ],
)
def test_local_time_is_written_as_the_layout_says(written: str, value: str) -> None:
    assert only(f"ID;Budget;Closed at\n7;5;{written}\n")["closed"] == value


def test_local_time_of_another_kind_is_a_bad_row() -> None:
    assert items(b"ID;Budget;Closed at\n7;5;03/02/2026\n") == [
        BadRow(
            "Closed at",
            '"03/02/2026" is no time; the layout has %d.%m.%Y %H:%M, %d.%m.%Y, ISO 8601',
        )
    ]


def test_json_values_that_are_no_texts_stay() -> None:
    (found,) = items(b'{"id": 7, "Amount": 12.5, "closed at": null}')
    assert not isinstance(found, BadRow)
    assert (str(found["amount"]), found["closed"]) == ("12.5", None)


def test_rows_of_json_may_have_other_names() -> None:
    found = items(b'{"id": 7, "budget": "1"}\n{"ID": 8, "Amount": "2"}\n')
    assert [each["amount"] for each in found if isinstance(each, dict)] == ["1", "2"]


CONTACTS = 'needs = ["mail"]\n[columns]\nmail = ["E-mail"]\nname = ["Name"]\n'


@pytest.mark.parametrize(
    ("header", "kind", "chosen"),
    [
        ("ID,Amount", None, "deals"),
        ("ID,E-mail", None, "contacts"),
        ("ID,Amount,E-mail", None, "deals"),
        ("ID,Amount,E-mail", "contacts", "contacts"),
    ],
)
def test_kind_is_that_most_of_whose_columns_are_there(
    header: str, kind: str | None, chosen: str
) -> None:
    known = [layout(), layout(CONTACTS, "contacts")]
    assert choose(known, kind, sheet(StringIO(header))).kind == chosen


@pytest.mark.parametrize(
    ("header", "kind", "reason"),
    [
        (
            "ID,Site",
            None,
            "deals lacks Budget; contacts lacks E-mail; the file's columns are ID, S",
        ),
        ("ID,Amount,E-mail,Name", None, "it may be deals or contacts; name one with --kind"),
        ("ID,Amount", "contacts", "contacts lacks E-mail; the file's columns are ID, Amount"),
        ("ID,Amount", "calls", 'there is no kind "calls"; known here: deals, contacts'),
    ],
)
def test_file_of_no_kind_is_refused(header: str, kind: str | None, reason: str) -> None:
    known = [layout(), layout(CONTACTS, "contacts")]
    with pytest.raises(BadFile, match=f"^{re.escape(reason)}"):
        choose(known, kind, sheet(StringIO(header)))


@pytest.mark.parametrize(
    ("wrong", "instead", "mistake"),
    [
        (
            'needs = ["id", "amount"]',
            'needs = ["ids"]',
            "acme.toml:2:10: needs 1: unknown column ids; there are amount, closed, id",
        ),
        ('needs = ["id", "amount"]', "", "has no needs: name the columns that tell this kind"),
        ('["id", "amount"]', '"id"', 'needs: must be a list of texts, such as ["a", "b"]'),
        ('decimal = ","', 'decimal = "comma"', "unknown decimal sign comma; there are ,, ."),
        ('"%d.%m.%Y"]', '"DD.MM.YY"]', 'formats 2: "DD.MM.YY" gives no date; write it as "%d.%m'),
        ('"%d.%m.%Y"]', '"%H:%M"]', 'formats 2: "%H:%M" gives no date; write it as "%d.%m.%Y'),
        (
            "blank",
            'encoding = "cp9999"\nblank',
            'encoding: unknown encoding cp9999; write "cp1251"',
        ),
        ("blank", 'quote = "x"\nblank', "unknown key quote; there are add, blank, columns,"),
        (
            "[columns]",
            '[[event]]\nread = "deal"\nfrom = "id"\n[columns]',
            "a row is all that is known: nothing is read for it",
        ),
        ('["ID"]', '"ID"', 'columns, id: must be a list of texts, such as ["a", "b"]'),
    ],
)
def test_mistake_of_a_layout_is_named(wrong: str, instead: str, mistake: str) -> None:
    assert wrong in DEALS
    with pytest.raises(BadSetting, match=re.escape(mistake)):
        layout(DEALS.replace(wrong, instead))
