"""Where keys stand in a TOML text, also among strings and brackets that look like keys."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.config.rules.lines import Path, lines, spots

TEXT = '''# a = 1
top = "x # no comment"
[one]
a = 1
b.c = """
d = 4
[two]
"""
"e f" = { g = 1, h.i = [ "}", { j = 1 } ] }

[[many]]
k = [
  1, # ] first
  [ 2, "]" ],

  { l = 1979-05-27 07:32:00 },
]
[[many.inner]]
m = 'it''
[[many]]
[many.inner.deep]
n = 1.5
'''.replace("'it''", "'it'")


def test_every_key_has_the_line_it_is_written_on() -> None:
    found = lines(TEXT)
    assert found[("top",)] == 2
    assert found[("one",)] == 3
    assert found[("one", "a")] == 4
    assert found[("one", "b", "c")] == 5
    assert found[("one", "e f", "h", "i", 1, "j")] == 9
    assert found[("many", 0)] == 11
    assert found[("many", 0, "k", 0)] == 13
    assert found[("many", 0, "k", 1, 1)] == 14
    assert found[("many", 0, "k", 2, "l")] == 16
    assert found[("many", 0, "inner", 0, "m")] == 19
    assert found[("many", 1)] == 20
    assert found[("many", 1, "inner", "deep", "n")] == 22


def places(value: Any, place: Path = ()) -> set[Path]:
    """Give every place in what tomllib read."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = {place}
    for key, each in inner:
        found.add((*place, key))
        if isinstance(each, dict | list):
            found |= places(each, (*place, key))
    return found


def test_places_are_those_the_standard_reader_knows() -> None:
    assert set(lines(TEXT)) == places(tomllib.loads(TEXT))


def test_quotes_at_the_end_of_a_long_text_belong_to_it() -> None:
    text = 'a = """x"""""\nb = \'\'\'y\'\'\'\'\'\nc = """"""\nd = "\\""\ne = """\\""""\nf = 1\n'
    assert lines(text) == {(): 1, ("a",): 1, ("b",): 2, ("c",): 3, ("d",): 4, ("e",): 5, ("f",): 6}


KEYS = st.sampled_from(["a", "b-1", '"c d"', "'#'", '"\\u00e9="', "7"])
STRINGS = st.sampled_from(
    ['"#"', "'['", '"""\n]\n"""', "'''\n#'\n'''", '"\\\\"', '""', "1.5", "true", "07:32:00"]
)
VALUES = st.recursive(
    STRINGS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda all_: "[ # x\n" + ",\n".join(all_) + "\n]"),
        st.dictionaries(KEYS, inner, max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{k} = {v}" for k, v in pairs.items()) + "}"
        ),
    ),
    max_leaves=6,
)


@given(st.lists(st.tuples(st.sampled_from(["k", "[t]", "[[s]]"]), KEYS, VALUES), max_size=8))
def test_places_are_those_of_the_standard_reader_whatever_is_written(
    parts: list[tuple[str, str, str]],
) -> None:
    text, expected = "", {}
    for number, (header, key, value) in enumerate(parts):
        if header == "[[s]]":
            text += f"\n# {number}\n[[s]] # x\n"
        elif header == "[t]":
            text += f"[t.t{number}]\n"
        name = f"n{number}"
        expected[name] = text.count("\n") + 1
        text += f"{name}.{key} = {value}\n"
    values = tomllib.loads(text)
    found = lines(text)
    assert set(found) == places(values)
    for place, line in found.items():
        if place and place[-1] in expected:
            assert line == expected[str(place[-1])]


def test_columns_of_keys_values_and_items_are_known() -> None:
    found = spots('a = "x"\n  b.c = [ 1,\n   {d = 2} ]\n[[e]]\n"f g"= 3\n')
    assert found.keys["a",] == (1, 1)
    assert found.values["a",] == (1, 5)
    assert found.keys["b", "c"] == (2, 3)
    assert found.values["b", "c"] == (2, 9)
    assert found.keys["b", "c", 0] == (2, 11)
    assert found.values["b", "c", 1, "d"] == (3, 9)
    assert found.keys["e", 0] == (4, 3)
    assert found.values["e", 0, "f g"] == (5, 8)
