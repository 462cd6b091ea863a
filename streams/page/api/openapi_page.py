"""What browsers ask the page for, as paths of the OpenAPI document: views, login, forms."""

from streams.output.keys import WINDOWS
from streams.page.api import workbook
from streams.page.api.openapi_parts import JSON, LANGUAGE, TEXT, Schema, one, refusals
from streams.page.choice import VIEWS
from streams.page.targets import handler as targets

HTML = "text/html"
FORM = "application/x-www-form-urlencoded"
NEXT = one("next", "The path of this page to go on to.")


def page_paths() -> Schema:
    """Give the paths; the API's own are not among them."""
    return {
        "/": {"get": _view("first", "The first view.")},
        **{f"/{view}": {"get": _view(view, f"The view {view}.")} for view in VIEWS},
        "/people/rep/{rep}": {"get": _view("rep", "A rep's own page.", _in_path("rep"))},
        "/login": {"get": _login(), "post": _log_in()},
        "/logout": {"post": _log_out()},
        workbook.PATH: {"post": _workbook()},
        targets.PATH: {"post": _target()},
        "/static/{path}": {"get": _static()},
    }


def _view(name: str, summary: str, *further: Schema) -> Schema:
    switch: Schema = {"enum": ["0", "1"]}
    return {
        "operationId": f"show{name.capitalize()}",
        "summary": summary,
        "parameters": [
            *further,
            one("scope", "`all`, or such as `rep=ann`."),
            one("window", "A kind of window; `month` without it.", {"enum": list(WINDOWS)}),
            one("as_of", "As a day ended; needs a history.", {"type": "string", "format": "date"}),
            one("lang", "That of the browser without it.", LANGUAGE),
            one("tv", "Whether it hangs on a wall.", switch),
            one("sort", "The KPI that tables are sorted by, with `-` from the largest down."),
            one("ranked", "Whether tables have ranks.", switch),
        ],
        "responses": {
            "200": _html("HTML that reads without script."),
            "303": {"description": "To the login."},
            "400": _html("A parameter cannot be meant."),
            "404": _html("There is nothing of this."),
            "503": _html("The topics are still being read; the browser asks again by itself."),
        },
    }


def _login() -> Schema:
    return {
        "operationId": "showLogin",
        "summary": "The form that asks for a token",
        "security": [],
        "parameters": [NEXT],
        "responses": {"200": _html("The form."), "404": _html("No rule has a token.")},
    }


def _log_in() -> Schema:
    return {
        "operationId": "logIn",
        "summary": "Begin a session with a token",
        "security": [],
        "parameters": [NEXT],
        "requestBody": _form({"token": {"type": "string", "format": "password"}}, "token"),
        "responses": {
            "303": {"description": "To `next`, with the cookie of the session."},
            "401": _html("The token is not known."),
            "403": _html("The form was sent by another site."),
            "404": _html("No rule has a token."),
        },
    }


def _log_out() -> Schema:
    return {
        "operationId": "logOut",
        "summary": "End the session",
        "responses": {
            "303": {"description": "To the login."},
            "403": _html("The form was sent by another site."),
        },
    }


def _workbook() -> Schema:
    cell = {"type": ["string", "number"]}
    row = {"type": "array", "items": cell, "maxItems": workbook.MOST_CELLS}
    rows = {"type": "array", "items": row, "maxItems": workbook.MOST_ROWS}
    file = {"type": "string", "format": "binary"}
    return {
        "operationId": "getWorkbook",
        "summary": "A workbook of the rows that are sent, which a page shows",
        "requestBody": {"required": True, "content": {JSON: {"schema": rows}}},
        "responses": {
            "200": {"description": "XLSX.", "content": {workbook.TYPE: {"schema": file}}},
            **refusals(400, 401, 403, 413),
        },
    }


def _target() -> Schema:
    asked: Schema = {
        "kpi": TEXT,
        "scope": {"type": "string", "description": "`all`, or such as `rep=ann`."},
        "window": {"enum": list(WINDOWS)},
        "value": {
            "type": "string",
            "description": "A number, written as in the language; in the unit of records, or in"
            " `unit`. A target cannot be removed: another one takes its place.",
        },
        "start": {
            "type": "string",
            "format": "date",
            "description": "A day of the one window that it is for; without it for every window of"
            " the kind.",
        },
        "unit": {"enum": ["", "percent", "minutes", "days"]},
        "lang": LANGUAGE,
    }
    status = {"type": "object", "required": ["status"], "properties": {"status": {"const": "set"}}}
    return {
        "operationId": "setTarget",
        "summary": "Set a target; for who may",
        "description": "With `Accept: application/json` the answer is JSON, else a page.",
        "parameters": [NEXT],
        "requestBody": _form(asked, *targets.REQUIRED),
        "responses": {
            "200": {"description": "It is set.", "content": {JSON: {"schema": status}}},
            "303": {"description": "It is set; to `next`."},
            **refusals(400, 401, 403, 404, 503),
        },
    }


def _static() -> Schema:
    return {
        "operationId": "getStatic",
        "summary": "A script, a style sheet or a picture of the page",
        "security": [],
        "parameters": [_in_path("path"), one("v", "The digest in the page's own addresses.")],
        "responses": {
            "200": {"description": "The file."},
            "304": {"description": "The asker has it already."},
            "404": _html("There is no such file."),
        },
    }


def _html(text: str) -> Schema:
    return {"description": text, "content": {HTML: {"schema": TEXT}}}


def _form(fields: Schema, *required: str) -> Schema:
    schema = {
        "type": "object",
        "required": list(required),
        "properties": fields,
        "additionalProperties": False,
    }
    return {"required": True, "content": {FORM: {"schema": schema}}}


def _in_path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}
