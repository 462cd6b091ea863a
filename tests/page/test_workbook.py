"""The workbook of what a page shows, and what is refused."""

from http import HTTPStatus
from io import BytesIO

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from streams.page.api.workbook import MOST_BYTES, PATH, TYPE, Row, workbook
from tests.page.serving import serving

cells = st.one_of(
    # What XML has no sign for is escaped, and openpyxl does not undo that.
    st.text(
        st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), exclude_characters="_")
    ),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)


def sheet_of(rows: list[Row]) -> Worksheet:
    sheet = load_workbook(BytesIO(workbook(rows))).active
    assert isinstance(sheet, Worksheet)
    return sheet


@given(st.lists(st.lists(cells, max_size=5), max_size=5))
def test_workbook_has_the_rows(rows: list[Row]) -> None:
    sheet = sheet_of(rows)
    for line, row in enumerate(rows, 1):
        for place, cell in enumerate(row, 1):
            found = sheet.cell(line, place).value
            if isinstance(cell, str):
                assert (found or "") == cell
            else:
                # Spreadsheets have sixteen digits.
                assert found == pytest.approx(cell, rel=1e-15)


def test_text_that_looks_like_a_formula_or_a_number_stays_a_text() -> None:
    texts: Row = ["=1+1", "+1", "@x", "007", "https://a.example.com", "{=A1}"]
    [row] = sheet_of([texts]).iter_rows()
    assert [cell.value for cell in row] == texts
    assert {cell.data_type for cell in row} == {"s"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'[["a",1,2.5],[]]', 200),
        (b"[]", 200),
        (b"", 400),
        (b"{}", 400),
        (b"[[null]]", 400),
        (b"[[true]]", 400),
        (b"[[[1]]]", 400),
        (b"[1]", 400),
        (b"[" + b"[]," * 50_000 + b"[]]", 400),
        (orjson.dumps([["x"] * 101]), 400),
        (b'[["' + b"x" * MOST_BYTES + b'"]]', 413),
    ],
)
async def test_only_rows_become_a_workbook(body: bytes, status: int) -> None:
    async with (
        serving() as page,
        page.session.post(page.url + PATH, data=BytesIO(body)) as response,
    ):
        assert response.status == status
        if status == HTTPStatus.OK:
            assert response.content_type == TYPE
        else:
            assert (await response.json())["reason"]


async def test_other_sites_make_no_workbook() -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    async with (
        serving() as page,
        page.session.post(page.url + PATH, data=b"[]", headers=headers) as response,
    ):
        assert response.status == HTTPStatus.FORBIDDEN
