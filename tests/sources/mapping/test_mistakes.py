"""Every kind of mistake in a mapping file, with its place and what there is instead."""

from pathlib import Path

import pytest

from streams.config.declaration import BadSetting
from streams.sources.loading import sources
from tests.sources.mapping.files import RULE, refusal

FUNCTIONS = "contains, ends_with, join, keys, length, not_null, starts_with, values"
CONVERTERS = (
    "absolute, after, before, const, date, decimal, default, digits, divide, else, from, join,"
    " link, lower, map, minus, money, multiply, places, received, table, time, upper, when, zone"
)
DEAL = (
    "account, amount, at, channel, currency, custom, deal, expected_close, id, partner, pipeline,"
    " probability, product, reason, rep, seq, stage, status, subject"
)
# Lines that follow a rule that lacks nothing; the first of them is line 8 of the file.
MISTAKES = {
    """stage = "a[?x=='811'].y[0]].z" """: "8:27: event 1, stage: Unexpected token: ]",
    """stage = "a[?x=='1'.b[0]" """: "8:24: event 1, stage: the expression is not complete",
    'stage = "a $ b"': "8:12: event 1, stage: Unknown token $",
    'stage = ""': "8:10: event 1, stage: is empty",
    'stage = "to_number(a)"': "8:10: event 1, stage: unknown function to_number; there are "
    + FUNCTIONS,
    'stage = "x || join(a)"': "8:15: event 1, stage: join has 2 arguments, not 1",
    'when = "a > b"': "8:11: event 1, when: > compares only with length(...): it gives nothing for"
    " texts and decimals",
    'stagee = "x"': f"8:1: event 1, stagee: unknown field stagee of deal.changed; there are {DEAL};"
    " did you mean stage?",
    "stage = 7": '8:9: event 1, stage: must be a path, such as "data.id", or a table, such as'
    ' { from = "data.id" }',
    "stage = []": "8:9: event 1, stage: is empty: write a path",
    'stage = { from = "a", uper = true }': "8:23: event 1, stage.uper: unknown converter uper;"
    f" there are {CONVERTERS}; did you mean upper?",
    "stage = { lower = true }": "8:1: event 1, stage: has no value: give it one of from, const,"
    " default, received",
    'stage = { from = "a", lower = 1 }': "8:31: event 1, stage.lower: must be true",
    'stage = { from = ["a", "b["] }': "8:27: event 1, stage.from.2: the expression is not complete",
    'stage = { from = "a", join = "/" }': "8:30: event 1, stage.join: joins the values of a list:"
    ' from = ["a", "b"]',
    'status = { from = "a", table = "statu" }\n[table.status]\na = "won"': "8:32: event 1,"
    " status.table: unknown table statu; there are status; did you mean status?",
    'status = { from = "a", map = { x = "wom" } }': "8:30: event 1, status.map: gives the unknown"
    " value wom; there are lost, open, won; did you mean won?",
    'status = { const = "wom" }': "8:20: event 1, status.const: unknown value wom; there are lost,"
    " open, won; did you mean won?",
    'status = { from = "a", map = { a = "won" }, else = "opne" }': "8:52: event 1, status.else:"
    " unknown value opne; there are @none, @value, lost, open, won; did you mean open?",
    'stage = { from = "a", else = "x" }': "8:23: event 1, stage.else: belongs to a table or map,"
    " and there is none",
    'currency = { default = "currency" }\n[defaults]\ncurency = "EUR"': "8:24: event 1,"
    " currency.default: unknown default currency; there are curency; did you mean curency?",
    'amount = { from = "a", money = "cent" }': "8:32: event 1, amount.money: unknown form of money"
    " cent; there are cents, major, micros, minor; did you mean cents?",
    'amount = { from = "a", time = "s" }': "8:24: event 1, amount.time: the field holds money:"
    " convert it by money",
    'stage = { from = "a", money = "major" }': "8:23: event 1, stage.money: the field holds a text:"
    " leave this out",
    'expected_close = { from = "a", time = "iso" }': "8:32: event 1, expected_close.time: the field"
    " holds a date: convert it by date",
    'expected_close = { from = "a", date = "%d.%Q" }': "8:39: event 1, expected_close.date: 'Q' is"
    " a bad directive in format '%d.%Q'",
    'expected_close = { from = "a", zone = "Mars" }': "8:39: event 1, expected_close.zone: unknown"
    " time zone Mars: write an IANA name or the name of a default",
    'probability = { from = "a", divide = 0 }': "8:38: event 1, probability.divide: must be a"
    " number above 0",
    'custom = "x"': "8:10: event 1, custom: must be a table, such as"
    ' { region = "properties.region" }',
    'like = "x"': "8:8: event 1, like: unknown like x; there is none",
    '[[event]]\nname = "x"\nread = "deal"': "8:3: event 2: has no from: the path of the record's"
    " id",
    '[[event]]\nread = "deal"\nfrom = "id"\nstage = "x"': "11:1: event 2, stage: unknown field"
    " stage of a rule that reads; there are each, from, like, name, read, when",
    '[[event]]\ntype = "order.delivered"\nid = "a"\nat = "a"\nsubject = "a"': "8:3: event 2:"
    " order.delivered needs order",
    '[body]\nformat = "jsn"': "9:10: body, format: unknown format jsn; there are auto, brackets,"
    " entities, form, json, json-in-form, soap; did you mean json?",
    '[body]\nformt = "json"': "9:1: body, formt: unknown key formt; there are add, each, field,"
    " format, items, json, pairs, volatile, with; did you mean format?",
    '[body]\nitems = "a["': "9:12: body, items: the expression is not complete",
    '[body]\npairs = ["a"]': '9:9: body, pairs: must name two keys: ["key", "value"]',
    '[body]\nformat = "json-in-form"': "8:2: body: has no field: name the form's field that holds"
    " the JSON",
    "[boddy]": "8:2: boddy: unknown section boddy; there are api, auth, base, body, defaults,"
    " delivery, event, file, handshake, like, source, table, title; did you mean body?",
    '[auth]\nscheme = "hmacc"': '9:10: auth, scheme: is "hmacc"; it must be one of hmac, standard,'
    " ecdsa, twilio, mandrill, mailgun, token, basic, bearer, jwt; did you mean hmac?",
    "[table.x]\na = [1]": "9:5: table.x, a: must be a text",
    "x = ": "8:5: no TOML: Invalid value",
}


@pytest.mark.parametrize("lines", MISTAKES)
def test_mistake_is_found_at_its_place(lines: str, tmp_path: Path) -> None:
    place, _, what = MISTAKES[lines].partition(": ")
    first, shown, caret = refusal(tmp_path, RULE + lines + "\n").splitlines()
    assert first == f"acme.toml:{place}: {what}"
    row, column = map(int, place.split(":"))
    assert shown.strip() == [*[""] * 7, *lines.split("\n")][row - 1].strip()
    assert caret == " " * (4 + column - 1) + "^"


def test_every_mistake_of_every_file_is_listed(tmp_path: Path) -> None:
    (tmp_path / "beta.toml").write_text('source = "gamma"\n')
    found = refusal(tmp_path, RULE + 'stage = "a["\nrepp = "x"\n').splitlines()
    assert [line.partition(": ")[0] for line in found[::3]] == [
        "beta.toml:1:10",
        "acme.toml:8:12",
        "acme.toml:9:1",
    ]


def test_invoice_without_a_due_date_is_refused(tmp_path: Path) -> None:
    rule = '[[event]]\ntype = "invoice.issued"\nid = "a"\nat = "a"\nsubject = "a"\ninvoice = "a"\n'
    found = refusal(tmp_path, rule + 'amount = "a"\ncurrency = "a"\n')
    assert found.startswith("acme.toml:2:3: event 1: invoice.issued needs due\n")


def test_two_rules_of_one_name_are_refused(tmp_path: Path) -> None:
    rule = '[[event]]\nname = "a"\nread = "deal"\nfrom = "id"\n'
    found = refusal(tmp_path, rule + rule)
    assert found.startswith("acme.toml:7:8: event 2, name: another event is called a\n")


def test_unknown_type_is_refused_with_the_nearest(tmp_path: Path) -> None:
    found = refusal(tmp_path, '[[event]]\ntype = "deal.chnged"\n').splitlines()[0]
    assert found.startswith("acme.toml:3:8: event 1, type: unknown type deal.chnged; there are acc")
    assert found.endswith("did you mean deal.changed?")


def test_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"SALES_KPIS_SOURCES=.*: no such folder"):
        sources(tmp_path / "none")


def test_name_that_no_address_can_hold_is_refused(tmp_path: Path) -> None:
    (tmp_path / "A b.toml").write_text('source = "A b"\n')
    with pytest.raises(BadSetting, match="must consist of small letters, digits and -"):
        sources(tmp_path)


def test_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_bytes(b'source = "\xff"')
    with pytest.raises(BadSetting, match=r"acme\.toml: cannot be read"):
        sources(tmp_path)


def test_mistake_in_a_file_laid_over_is_in_that_file(tmp_path: Path) -> None:
    (tmp_path / "amocrm.toml").write_text('source = "amocrm"\n[table.status]\n1 = [2]\n')
    with pytest.raises(BadSetting) as refused:
        sources(tmp_path)
    assert str(refused.value).startswith("amocrm.toml:3:5: table.status, 1: must be a text\n")
