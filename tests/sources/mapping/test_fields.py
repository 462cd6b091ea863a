"""What the fields of a rule become: where they come from, converters, patches."""

from pathlib import Path

import pytest

from tests.sources.mapping.files import AT, deal, reason

# A field as the file has it, what was sent, and what the event has.
CONVERTED: list[tuple[str, object, object]] = [
    ('stage = { from = "x", lower = true }', " Won ", "won"),
    ('stage = { from = "x", upper = true }', "eu ", "EU"),
    ('stage = { from = "x", after = ":" }', "client:team:ann", "ann"),
    ('stage = { from = "x", before = "@" }', "ann@example.com", "ann"),
    ('stage = { from = "x", digits = true }', "No. 1 / 2", "12"),
    ('stage = { from = "x", map = { "7" = "seven" } }', 7, "seven"),
    ('stage = { from = "x", map = { a = "b" }, else = "@value" }', "c", "c"),
    ('stage = { from = "x", map = { a = "b" }, else = "c" }', "z", "c"),
    ('stage = { from = "x", map = { true = "yes" } }', True, "yes"),
    ('stage = "x"', 12, "12"),
    ('stage = { const = "new" }', None, "new"),
    ('stage = { from = "x", const = "new" }', None, "new"),
    ('stage = ["y", "x"]', "second", "second"),
    ('amount = "x"', "1250.50", "1250.50"),
    ('amount = "x"', 1000, "1000"),
    ('amount = { from = "x", money = "cents" }', 125050, "1250.50"),
    ('amount = { from = "x", money = "cents" }', "7", "0.07"),
    ('amount = { from = "x", money = "micros" }', 1250500000, "1250.500000"),
    ('amount = { from = "x", decimal = "," }', "1.234,50", "1234.50"),
    ('amount = { from = "x", absolute = true }', "-5.00", "5.00"),
    ('amount = { from = "x", multiply = 12 }', "10.10", "121.20"),
    ('currency = "x"', "usd", "USD"),
    ('probability = { from = "x", divide = 100 }', 25, 0.25),
    ('expected_close = "x"', "2026-03-31", "2026-03-31"),
    ('expected_close = "x"', "2026-03-31T23:30:00-05:00", "2026-03-31"),
    ('expected_close = { from = "x", zone = "UTC" }', "2026-03-31T23:30:00-05:00", "2026-04-01"),
    ('expected_close = { from = "x", date = "ms" }', "1774915200000", "2026-03-31"),
    ('expected_close = { from = "x", date = "%d.%m.%Y" }', "31.03.2026", "2026-03-31"),
]
TIMES: list[tuple[str, object, str]] = [
    ('time = "s"', "1795000000", "2026-11-18T11:06:40Z"),
    ('time = "s"', "1795000000.25", "2026-11-18T11:06:40.250000Z"),
    ('time = "ms"', 1795000000000, "2026-11-18T11:06:40Z"),
    ('time = "us"', 1795000000000001, "2026-11-18T11:06:40.000001Z"),
    ('time = "iso"', "2026-11-18T12:06:40+01:00", "2026-11-18T11:06:40Z"),
    ('time = "iso", zone = "UTC"', "2026-11-18 11:06:40", "2026-11-18T11:06:40Z"),
    ('time = "iso", zone = "Asia/Kolkata"', "2026-11-18 16:36:40", "2026-11-18T11:06:40Z"),
    ('time = "mail"', "Wed, 18 Nov 2026 11:06:40 +0000", "2026-11-18T11:06:40Z"),
    ('time = "%d.%m.%Y %H:%M", zone = "Europe/Berlin"', "18.11.2026 12:06", "2026-11-18T11:06:00Z"),
    ('time = "auto"', 1795000000, "2026-11-18T11:06:40Z"),
    ('time = "auto"', "1795000000000", "2026-11-18T11:06:40Z"),
    ('time = "auto"', "1795000000000000", "2026-11-18T11:06:40Z"),
    ('time = "auto"', "/Date(1795000000000-0700)/", "2026-11-18T11:06:40Z"),
    ('time = "auto"', "2026-11-18T11:06:40Z", "2026-11-18T11:06:40Z"),
]
UNFIT: list[tuple[str, object, str, str]] = [
    ('stage = "x"', ["a"], "stage", "is a list, not a text"),
    ('stage = "x"', {"a": 1}, "stage", "is an object, not a text"),
    (
        'stage = { from = "x", map = { a = "b" } }',
        "new",
        "stage",
        "'new' is not in map, which has no else",
    ),
    ('amount = "x"', "12 EUR", "amount", "'12 EUR' is no number"),
    ('amount = "x"', "0.1234567891", "amount", "0.1234567891 has more than 9 digits after the"
     " point"),
    ('amount = "x"', "9" * 50, "amount", "has too many digits"),
    ('expected_close = "x"', "soon", "expected_close", "'soon' is no time in ISO 8601"),
    ('status = "x"', "wun", "status", "must be lost, open or won, not 'wun'"),
    ('at = { from = "x", time = "iso" }', "2026-11-18 11:06:40", "at", "'2026-11-18 11:06:40' has"
     " no offset from UTC: name its zone in the mapping"),
    ('at = { from = "x", time = "s" }', "9" * 17, "at", "is a time out of all calendars"),
    ('at = { from = "x", time = "s" }', "99999999999", "at", "not between the years 1970 and 2199"),
    ('at = { from = "x", time = "s" }', None, "at", "x gives nothing"),
    ('probability = "x"', "2", "probability", "must be 1 or less"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "sent", "becomes"), CONVERTED)
def test_value_becomes_what_the_field_holds(
    field: str, sent: object, becomes: object, tmp_path: Path
) -> None:
    name = field.split(" ")[0]
    assert deal(tmp_path, field, {"x": sent})[name] == becomes


@pytest.mark.parametrize(("form", "sent", "becomes"), TIMES)
def test_time_is_read_by_its_form(form: str, sent: object, becomes: str, tmp_path: Path) -> None:
    rule = f'[like.a]\nat = {{ from = "x", {form} }}\n'
    found = deal_at(tmp_path, rule, {"x": sent})
    assert found == becomes


def deal_at(folder: Path, rest: str, item: dict[str, object]) -> object:
    """The time of a deal whose rule has its time from `rest`."""
    return deal(folder, 'like = "a"', item, rest, without="at")["at"]


@pytest.mark.parametrize(("field", "sent", "name", "why"), UNFIT)
def test_value_that_does_not_fit_is_named(
    field: str, sent: object, name: str, why: str, tmp_path: Path
) -> None:
    without = "at" if field.startswith("at ") else ""
    assert reason(tmp_path, field, {"x": sent}, without=without) == (name, why)


def test_amount_in_minor_units_has_the_decimals_of_its_currency(tmp_path: Path) -> None:
    fields = 'amount = { from = "x", money = "minor" }\ncurrency = "cur"'
    found = [
        deal(tmp_path, fields, {"x": 1234, "cur": currency})["amount"]
        for currency in ("usd", "JPY", "KWD")
    ]
    assert found == ["12.34", "1234", "1.234"]


def test_amount_of_json_keeps_every_digit(tmp_path: Path) -> None:
    item = b'[{"id": 7, "at": 1795000000000, "x": 12345678901234567.89}]'
    assert deal(tmp_path, 'amount = "x"', {}, body=item)["amount"] == "12345678901234567.89"


def test_absent_field_of_a_patch_is_left_out(tmp_path: Path) -> None:
    assert "rep" not in deal(tmp_path, 'rep = "owner"', {})


@pytest.mark.parametrize("sent", [None, "", "  ", False])
def test_empty_field_of_a_patch_is_cleared(sent: object, tmp_path: Path) -> None:
    assert deal(tmp_path, 'rep = "owner"', {"owner": sent})["rep"] is None


def test_part_of_null_is_cleared_and_part_of_nothing_is_left_out(tmp_path: Path) -> None:
    assert deal(tmp_path, 'rep = "owner.id"', {"owner": None})["rep"] is None
    assert "rep" not in deal(tmp_path, 'rep = "owner.id"', {})


def test_value_that_a_table_leaves_out_clears_nothing(tmp_path: Path) -> None:
    found = deal(tmp_path, 'rep = { from = "x", map = { 0 = "@none" }, else = "@value" }', {"x": 0})
    assert "rep" not in found


def test_paths_are_joined_for_one_table(tmp_path: Path) -> None:
    field = 'status = { from = ["pipe", "x"], join = "/", table = "s", else = "open" }'
    table = '[table.s]\n"5/142" = "won"\n'
    assert deal(tmp_path, field, {"pipe": 5, "x": 142}, table)["status"] == "won"
    assert deal(tmp_path, field, {"pipe": 6, "x": 142}, table)["status"] == "open"
    assert "status" not in deal(tmp_path, field, {"x": 142}, table)


def test_arrival_stands_in_for_a_time_in_other_units(tmp_path: Path) -> None:
    rule = '[like.a]\nat = { from = "x", time = "s", received = true }\n'
    assert deal_at(tmp_path, rule, {}) == "2026-11-18T11:06:40Z"
    assert AT == 1_795_000_000_000


def test_zone_may_be_the_name_of_a_default(tmp_path: Path) -> None:
    rest = '[defaults]\ntimezone = "Europe/Berlin"\n[like.a]\n'
    rest += 'at = { from = "x", time = "iso", zone = "timezone" }\n'
    assert deal_at(tmp_path, rest, {"x": "2026-11-18 12:06:40"}) == "2026-11-18T11:06:40Z"


def test_empty_default_is_no_value(tmp_path: Path) -> None:
    rest = '[defaults]\ncurrency = ""\n'
    assert "currency" not in deal(tmp_path, 'currency = { default = "currency" }', {}, rest)


def test_dimensions_of_a_company_are_fields_of_an_object(tmp_path: Path) -> None:
    field = 'custom = { region = "address.region", size = "size", gone = "gone" }'
    found = deal(tmp_path, field, {"address": {"region": "north"}, "size": None})
    assert found["custom"] == {"region": "north", "size": None}
