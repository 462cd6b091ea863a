"""What the rules file may say, and that every refusal names line, key and what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams.config.declaration import BadSetting, from_file
from streams.config.rules.table import (
    Table,
    open_table,
    read_table,
)

HOUR = 3_600_000


def table(text: str) -> Table:
    """Read a text as the file `rules.toml`."""
    return read_table(text, "rules.toml")


def refusal(text: str, ask: Callable[[Table], object]) -> str:
    """Give the message with which a text is refused."""
    with pytest.raises(BadSetting) as refused:
        ask(table(text))
    message = str(refused.value)
    assert "\n" not in message
    return message


def test_every_getter_reads_its_type() -> None:
    found = table(
        'text = "won"\nnumber = 3\nrate = 0.05\nwritten = "1.50"\nwhole = 2\nshare = 1\n'
        'flag = true\nword = "b"\nwords = ["x", "y"]\n'
    )
    assert found.text("text") == "won"
    assert found.number("number") == 3
    assert (found.decimal("rate"), found.decimal("written")) == ("0.05", "1.50")
    assert (found.decimal("whole"), found.share("share")) == ("2", "1")
    assert found.flag("flag") is True
    assert found.choice("word", ("a", "b")) == "b"
    assert found.options("words") == ("x", "y")
    found.finish()


def test_missing_keys_have_their_defaults() -> None:
    found = table("")
    assert found.text("a", "") == ""
    assert found.number("a", 0) == 0
    assert found.decimal("a", "0.1") == "0.1"
    assert found.flag("a", False) is False
    assert found.choice("a", ("x", "y"), "y") == "y"
    assert found.options("a", ()) == ()
    assert found.duration("a", 5) == 5
    assert found.tables("a") == ()
    assert found.table("a").names() == ()
    assert not found.has("a")


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("90m", 90 * 60_000), ("48h", 48 * HOUR), ("30d", 720 * HOUR), ("5 s", 5_000)],
)
def test_durations_are_milliseconds(text: str, milliseconds: int) -> None:
    assert table(f'a = "{text}"').duration("a") == milliseconds


def test_decimals_are_exact() -> None:
    found = table("a = 0.1\nb = 1e-3\nc = 1_000.25")
    assert [found.decimal(key) for key in "abc"] == ["0.1", "0.001", "1000.25"]


def test_refusal_names_line_key_fault_and_remedy() -> None:
    text = "\n[[commission]]\nrate = 0.1\n[[commission]]\n\nrate = 1.2\n"
    assert refusal(text, lambda top: top.tables("commission")[1].share("rate")) == (
        "rules.toml line 6: commission[1].rate is 1.2; give it a number not below 0 and not above 1"
    )


def test_missing_key_is_refused_at_its_table() -> None:
    text = "\n[a]\nb = 1\n"
    expected = refusal(text, lambda top: top.table("a").text("name"))
    assert expected == "rules.toml line 2: a.name is missing; write it down"


def test_missing_key_of_a_missing_table_is_refused_at_the_top() -> None:
    assert refusal("b = 1", lambda top: top.table("a").text("name")).startswith(
        "rules.toml line 1: a.name is missing"
    )


def test_unknown_key_is_refused_with_the_nearest_known() -> None:
    def read(top: Table) -> None:
        inner = top.table("alerts")
        inner.duration("max_age", 1)
        inner.flag("quiet", False)
        inner.finish()

    assert refusal('[alerts]\nmax_aeg = "3d"\n', read) == (
        "rules.toml line 2: alerts.max_aeg is no rule; "
        "known here: max_age, quiet; did you mean max_age?"
    )


REFUSED: tuple[tuple[str, Callable[[Table], Any], str], ...] = (
    ("a = 1", lambda t: t.text("a"), "a text"),
    ('a = " "', lambda t: t.text("a"), "empty"),
    ("a = true", lambda t: t.number("a"), "whole number"),
    ("a = 1.0", lambda t: t.number("a"), "whole number"),
    ("a = 13", lambda t: t.number("a", low=1, high=12), "from 1 to 12"),
    ('a = "1e3"', lambda t: t.decimal("a"), "decimal number"),
    ('a = "1,5"', lambda t: t.decimal("a"), "decimal number"),
    ("a = inf", lambda t: t.decimal("a"), "decimal number"),
    ("a = nan", lambda t: t.decimal("a"), "decimal number"),
    ("a = 1e999999999", lambda t: t.decimal("a"), "decimal number"),
    ("a = 1e99999999999999999999", lambda t: t.decimal("a"), "decimal number"),
    ("a = true", lambda t: t.decimal("a"), "decimal number"),
    ("a = -0.1", lambda t: t.share("a"), "not below 0"),
    ("a = 1", lambda t: t.flag("a"), "true or false"),
    ('a = "monht"', lambda t: t.choice("a", ("month", "445")), "did you mean month?"),
    ("a = 445", lambda t: t.choice("a", ("months", "445")), "one of months, 445"),
    ('a = "x"', lambda t: t.options("a"), "list of texts"),
    ('a = ["x", 1]', lambda t: t.options("a"), "texts only"),
    ('a = ["x", "x"]', lambda t: t.options("a"), "twice"),
    ('a = ["rpe"]', lambda t: t.options("a", among=("rep", "team")), "did you mean rep?"),
    ('a = "month"', lambda t: t.duration("a"), '"30d"'),
    ("a = 30", lambda t: t.duration("a"), '"30d"'),
    ('a = "0d"', lambda t: t.duration("a"), "more than 0"),
    ('a = "999999d"', lambda t: t.duration("a"), "100 years"),
    ("a = 1", lambda t: t.table("a"), "write [a]"),
    ("[a]\nb = 1", lambda t: t.tables("a"), "write [[a]]"),
    ("a = [1]", lambda t: t.tables("a"), "write [[a]]"),
)


@pytest.mark.parametrize(("text", "ask", "hint"), REFUSED)
def test_rejection_names_what_would_do(text: str, ask: Callable[[Table], Any], hint: str) -> None:
    message = refusal(text, ask)
    assert message.startswith("rules.toml line 1: ")
    assert hint in message


def test_item_of_a_list_is_rejected_at_its_own_line() -> None:
    assert "line 3: a has 1" in refusal('a = [\n"x",\n1]', lambda t: t.options("a"))


def test_text_that_is_no_toml_is_refused_with_its_line() -> None:
    assert refusal("a = 1\nb = = 2\n", lambda _: None).startswith(
        "rules.toml line 2: is no TOML: Invalid value at column"
    )


def test_key_of_odd_characters_is_quoted_in_the_error() -> None:
    assert '"a\\nb" is 1' in refusal('"a\\nb" = 1', lambda t: t.text("a\nb"))


def test_missing_file_is_refused_by_the_name_of_its_setting(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"SALES_KPIS_RULES=.*no\.toml: No such file"):
        open_table(tmp_path / "no.toml")


def test_file_in_another_encoding_is_rejected(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_bytes(b"a = '\xff'")
    with pytest.raises(BadSetting, match="UTF-8"):
        open_table(file)


def test_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_bytes(b"\xef\xbb\xbfa = 5")
    assert open_table(file).number("a") == 5
    secret = tmp_path / "token"
    secret.write_bytes(b"\xef\xbb\xbfa-token-that-only-the-tests-know\r\n")
    assert from_file("TOKEN_FILE", str(secret)) == "a-token-that-only-the-tests-know"
