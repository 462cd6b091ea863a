import codecs
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.exports.rows import BadFile, Row, sheet
from streams.sources.exports.text import LINE_CHARACTERS, open_text
from tests.sources.exports.sheets import rows

ONE = {"ID": "7", "Name": "Größe"}


def test_csv_of_commas() -> None:
    assert rows("ID,Name\n7,Größe\n".encode()) == [Row(2, "7,Größe\n", ONE)]


def test_excel_writes_semicolons_and_a_mark() -> None:
    content = codecs.BOM_UTF8 + "ID;Name\r\n7;Größe\r\n".encode()
    assert [row.values for row in rows(content)] == [ONE]


def test_excel_names_its_delimiter() -> None:
    assert [row.values for row in rows("sep=;\r\nID;Name\r\n7;Größe\r\n".encode())] == [ONE]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_with_and_without_mark(encoding: str) -> None:
    assert [row.values for row in rows("ID\tName\n7\tGröße\n".encode(encoding))] == [ONE]


def test_encoding_of_a_file_without_mark() -> None:
    assert [row.values for row in rows("ID;Name\n7;Größe\n".encode("cp1252"), "cp1252")] == [ONE]


def test_cell_may_have_line_ends() -> None:
    content = b'ID,Name\n1,"a\nb"\n2,c\n'
    assert [(row.line, row.values["Name"]) for row in rows(content)] == [(2, "a\nb"), (4, "c")]


def test_excel_leaves_empty_cells_at_the_end_out() -> None:
    assert [row.values for row in rows(b"ID,Name,Amount\n7\n")] == [
        {"ID": "7", "Name": "", "Amount": ""}
    ]


def test_row_with_too_many_cells_is_bad() -> None:
    bad = rows(b"ID,Name\n1,b,c\n2,d\n")[0]
    assert (bad.line, bad.raw, bad.reason) == (2, "1,b,c\n", "has 3 cells under 2 headers")


def test_empty_cells_too_many_are_none() -> None:
    assert [row.reason for row in rows(b"ID,Name\n1,b,,\n")] == [""]


def test_blank_rows_are_left_out() -> None:
    assert [row.line for row in rows(b"ID,Name\n\n1,b\n,\n2,c\n")] == [3, 5]


def test_first_column_of_a_name_stands() -> None:
    assert [row.values for row in rows(b"Note,ID,Note\na,1,b\n")] == [{"Note": "a", "ID": "1"}]


def test_bytes_of_another_encoding_make_one_row_bad() -> None:
    found = rows(b"ID;Name\n1;Gr\xf6\xdfe\n2;b\n")
    assert [row.reason for row in found] == [
        "has bytes that are no characters of the file's encoding",
        "",
    ]
    assert found[0].raw.encode(errors="surrogateescape") == b"1;Gr\xf6\xdfe\n"


def test_half_a_character_at_the_end_of_a_file_is_a_bad_row() -> None:
    content = "ID\tName\n7\tb\n8\tc\n".encode("utf-16") + b"\x00"
    assert [row.reason != "" for row in rows(content)][-1] is True


def test_quotation_mark_that_is_not_closed_is_a_bad_row() -> None:
    content = b'ID,Name\n1,"a\n' + b"2,b\n" * 50_000
    found = rows(content)
    assert found[0].reason.endswith("a quotation mark that is not closed?")
    assert "".join(row.raw for row in found).encode() == content[8:]


def test_line_without_end_is_a_bad_row() -> None:
    content = b"ID,Name\n1," + b"a" * (2 * LINE_CHARACTERS) + b"\n2,b\n"
    assert [(row.line, bool(row.reason)) for row in rows(content)] == [(2, True), (3, False)]


def test_json_lines_keep_decimals() -> None:
    found = rows(b'{"ID": 7, "amount": 12345678901234567.89}\n\n{"ID": 8}\n')
    assert [(row.line, str(row.values.get("amount"))) for row in found] == [
        (1, "12345678901234567.89"),
        (3, "None"),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[1]", "is no JSON object"),
        (b"{", "is no JSON: Expecting property name enclosed in double quotes at column 2"),
        (b'{"a": NaN}', "is no JSON: NaN is no number"),
    ],
)
def test_line_that_is_no_json_object_is_a_bad_row(line: bytes, reason: str) -> None:
    assert rows(b'{"ID": 7}\n' + line + b"\n")[1].reason.startswith(reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"\xff\xf6;Name\n", "its header cannot be read; name its encoding"),
        (b'[{"ID": 7}]', "a JSON array is not read"),
        (b"{7}\n", "line 1: is no JSON"),
    ],
)
def test_file_without_header_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(BadFile, match=f"^{reason}"):
        rows(content)


@given(
    st.lists(st.tuples(st.integers(0, 99), st.text(alphabet='a";,\n\r ö', max_size=6))),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8-sig", "utf-16"]),
)
def test_what_is_written_is_read(
    cells: list[tuple[int, str]], delimiter: str, encoding: str
) -> None:
    written = "".join(
        f'{number}{delimiter}"{text.replace(chr(34), chr(34) * 2)}"\n' for number, text in cells
    )
    found = rows(f"ID{delimiter}Name\n{written}".encode(encoding))
    assert [(row.values["ID"], row.values["Name"]) for row in found] == [
        (str(number), text) for number, text in cells
    ]
    assert "".join(row.raw for row in found) == written


@given(st.binary(max_size=300))
def test_no_bytes_are_more_than_refused(content: bytes) -> None:
    text, _ = open_text(BytesIO(content), None)
    try:
        found = list(sheet(text).rows())
    except (BadFile, UnicodeDecodeError):
        return
    assert all(row.line > 0 for row in found)
