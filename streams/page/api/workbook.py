"""The workbook of what a page shows: rows of the browser become an XLSX file.

The browser sends what it shows, as it stands, changes of the last second among it.
"""

import asyncio
from http import HTTPStatus
from io import BytesIO
from typing import Any

import orjson
from aiohttp import web
from xlsxwriter import Workbook

from streams.page.access.login import require_same_site
from streams.page.refusals import Refused

PATH = "/export.xlsx"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BYTES = 4 * 1024 * 1024
MOST_ROWS, MOST_CELLS = 50_000, 100
MOST_TEXT = 32_767
# A text from outside stays a text, whatever it looks like.
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
WIDEST_PIXELS = 400

Row = list[str | float]


async def get_workbook(request: web.Request) -> web.Response:
    """Answer with the rows of the request as a workbook."""
    require_same_site(request)
    try:
        body = await request.clone(client_max_size=MOST_BYTES).read()
    except web.HTTPRequestEntityTooLarge as error:
        reason = f"a workbook is made of at most {MOST_BYTES // 1024 // 1024} MB"
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason) from error
    made = await asyncio.to_thread(workbook, rows_of(body))
    return web.Response(body=made, content_type=TYPE)


def rows_of(body: bytes) -> list[Row]:
    """Read rows of texts and numbers from JSON. Raises Refused for anything else."""
    try:
        rows = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"this is no JSON: {error}") from error
    if not isinstance(rows, list) or len(rows) > MOST_ROWS or not all(map(_is_row, rows)):
        raise Refused(
            HTTPStatus.BAD_REQUEST,
            f"wanted are at most {MOST_ROWS} lists of at most {MOST_CELLS} texts and numbers",
        )
    return rows


def _is_row(row: Any) -> bool:
    if not isinstance(row, list) or len(row) > MOST_CELLS:
        return False
    return all(type(cell) in (str, int, float) for cell in row)


def workbook(rows: list[Row]) -> bytes:
    """Write rows to the one sheet of a workbook."""
    written = BytesIO()
    with Workbook(written, OPTIONS) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(line, place, cell[:MOST_TEXT])
                else:
                    sheet.write_number(line, place, cell)
        sheet.autofit(WIDEST_PIXELS)
    return written.getvalue()
