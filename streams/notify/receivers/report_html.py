"""A report as HTML for mail programs: one plain table, which needs no style of the program."""

from collections.abc import Iterable
from html import escape

from streams.languages.language import language
from streams.notify.core.message import ReportMessage

COLUMNS = ("kpi", "value", "change", "target")
# Mail programs ignore style sheets, and some of them `start` as a side.
SIDES = {"ltr": "left", "rtl": "right"}
FONT = "font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:14px;line-height:20px"
CELL = "padding:6px 12px;border-bottom:1px solid #cccccc;vertical-align:top"


def report_html(message: ReportMessage) -> str:
    """Write a report in its language and direction; a message gives the same text each time."""
    texts = language(message.language)
    side = SIDES[texts.direction]
    head = "".join(
        f'<th scope="col" align="{side}" style="{CELL};font-weight:600">'
        f"{escape(texts.text(f'report.column_{name}'))}</th>"
        for name in COLUMNS
    )
    rows = "".join(f"<tr>{_row(each.cells, side)}</tr>" for each in message.kpis)
    title = escape(message.title)
    return (
        f'<!doctype html><html lang="{texts.code}" dir="{texts.direction}"><head>'
        f'<meta charset="utf-8"><title>{title}</title></head>'
        f'<body dir="{texts.direction}" style="margin:16px;{FONT}">'
        f'<h1 style="font-size:18px;line-height:24px;margin:0 0 12px">{title}</h1>'
        f'<table dir="{texts.direction}" cellspacing="0" style="border-collapse:collapse;{FONT}">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></body></html>\n"
    )


def _row(cells: Iterable[str], side: str) -> str:
    name, shown, *others = cells
    found = [f'<th scope="row" align="{side}" style="{CELL};font-weight:400">{escape(name)}</th>']
    found.append(f'<td align="{side}" style="{CELL};font-weight:600">{escape(shown)}</td>')
    found += (f'<td align="{side}" style="{CELL}">{escape(each)}</td>' for each in others)
    return "".join(found)
