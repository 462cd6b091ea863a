"""Values added to items, texts that hold JSON, conditions of fields, refusals."""

import json
from pathlib import Path

import pytest

from streams.sources.mapping import Unmapped
from streams.sources.mapping.compile_path import needed
from tests.sources.mapping.files import ITEM, RULE, deal, outcome, refusal


def test_added_value_can_be_used_by_rules_and_fields(tmp_path: Path) -> None:
    head = '[body]\nadd = { won = "state == \'1\'", label = "title || name" }\n'
    rule = RULE + 'when = "won"\nstage = "label"\n'
    found = outcome(tmp_path, head + rule, [{**ITEM, "state": "1", "name": "Signed"}, ITEM])
    (event,) = found.events
    assert (json.loads(event)["stage"], found.ignored) == ("Signed", 1)


def test_added_value_can_use_those_before_it(tmp_path: Path) -> None:
    head = '[body.add]\nfirst = "a"\nsecond = "first.b"\n'
    assert deal(tmp_path, 'stage = "second"', {"a": {"b": "c"}}, head)["stage"] == "c"


def test_item_added_to_itself_ends(tmp_path: Path) -> None:
    head = '[body.add]\nall = "@"\n'
    fields = 'stage = "all.name"'
    with_digest = 'id = ["id", "@digest"]\n' + fields
    found = deal(tmp_path, with_digest, {"name": "Signed"}, head, without="id")
    assert found["stage"] == "Signed"


def test_added_values_are_no_part_of_the_digest(tmp_path: Path) -> None:
    fields = 'id = ["@digest"]'
    plain = deal(tmp_path, fields, {"a": 1}, without="id")
    assert deal(tmp_path, fields, {"a": 1}, '[body.add]\nb = "a"\n', without="id") == plain


def test_record_that_was_read_has_added_values_as_well(tmp_path: Path) -> None:
    head = '[body.add]\nlabel = "name"\n'
    body = json.dumps({"_read": "deal", **ITEM, "name": "Signed"}, separators=(",", ":")).encode()
    assert deal(tmp_path, 'stage = "label"', {}, head, body=body)["stage"] == "Signed"


@pytest.mark.parametrize("text", ["no JSON", "{no JSON", '["a"]', "", None, 7])
def test_text_that_holds_no_object_stays_as_it_is(text: object, tmp_path: Path) -> None:
    head = '[body]\njson = ["note.text", "absent.text"]\n'
    item = {**ITEM, "note": {"text": text}}
    assert outcome(tmp_path, head + RULE, [item]).unmapped == []


def test_text_that_holds_json_is_parsed(tmp_path: Path) -> None:
    head = '[body]\njson = ["note.text"]\n'
    item = {"note": {"text": '{"DURATION": 61, "PRICE": 0.10}'}}
    assert deal(tmp_path, 'amount = "note.text.PRICE"', item, head)["amount"] == "0.10"


def test_field_is_left_out_where_its_condition_does_not_hold(tmp_path: Path) -> None:
    fields = 'stage = { when = "name == \'stage\'", from = "value" }'
    assert deal(tmp_path, fields, {"name": "stage", "value": "Signed"})["stage"] == "Signed"
    assert "stage" not in deal(tmp_path, fields, {"name": "amount", "value": "7"})


def test_what_stands_in_has_the_same_condition(tmp_path: Path) -> None:
    fields = 'stage = { when = "new", from = "label", const = "New" }'
    assert deal(tmp_path, fields, {"new": True})["stage"] == "New"
    assert "stage" not in deal(tmp_path, fields, {"new": False})


def test_next_way_is_tried_where_a_condition_does_not_hold(tmp_path: Path) -> None:
    fields = 'stage = [{ when = "new", const = "New" }, { const = "Old" }]'
    assert deal(tmp_path, fields, {"new": False})["stage"] == "Old"


def test_refused_item_is_a_dead_letter_with_the_reason(tmp_path: Path) -> None:
    rule = '[[event]]\nname = "gap"\nwhen = "gap"\nrefuse = "pull what changed"\n'
    found = outcome(tmp_path, rule, [{"gap": True}, {"gap": False}])
    assert found.unmapped == [Unmapped(1, "gap", None, "pull what changed")]
    assert found.ignored == 1


def test_element_that_cannot_be_filled_leaves_the_others_be(tmp_path: Path) -> None:
    rule = RULE.replace('deal = "id"', 'deal = "_each.id"') + 'each = "deals"\n'
    found = outcome(tmp_path, rule, [{**ITEM, "deals": [{"no": 1}, {"id": 2}]}])
    assert [json.loads(event)["deal"] for event in found.events] == ["2"]
    assert len(found.unmapped) == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[body]\nadd = "x"\n' + RULE, "acme.toml:3:7: body, add: must be a table"),
        ('[body.add]\nx = "a..b"\n' + RULE, "acme.toml:3:"),
        (RULE + 'stage = { when = "a ==", from = "b" }\n', "acme.toml:8:"),
        ("[[event]]\nrefuse = 7\n", "acme.toml:3:10: event 1, refuse: must be a text"),
        ('[[event]]\nrefuse = "x"\ndeal = "id"\n', "acme.toml:4:1: event 1, deal: unknown field"),
    ],
)
def test_mistakes_name_their_place(text: str, place: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, text).startswith(place)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kind == 'deal'", ("kind", "deal")),
        ("!deleted && (kind == 'deal' && new)", ("kind", "deal")),
        ("kind == 'deal' || new", None),
        ("kind != 'deal'", None),
        ("!(kind == 'deal')", None),
        ("meta.kind == 'deal'", None),
        ("kind == `7`", None),
        ("'deal' == 'deal'", None),
    ],
)
def test_text_that_a_condition_needs_is_known(text: str, found: object) -> None:
    assert needed(text) == found


def test_condition_on_an_element_alone_is_asked_of_each(tmp_path: Path) -> None:
    rule = RULE + 'each = "kinds"\nwhen = "_each == \'deal\'"\n'
    found = outcome(tmp_path, rule, [{**ITEM, "kinds": ["lead", "deal"]}])
    assert len(found.events) == 1
