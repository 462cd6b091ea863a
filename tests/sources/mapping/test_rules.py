"""Rules: which items they match, ids, subjects, reads, shared fields, files laid over."""

import json
from pathlib import Path

import pytest

from streams.config.declaration import BadSetting
from streams.sources.loading import sources
from streams.sources.mapping import Read, Unmapped, translate
from tests.sources.mapping.files import AT, ITEM, RULE, deal, outcome
from tests.sources.translated import KEY, delivery


def test_item_that_no_rule_matches_is_ignored(tmp_path: Path) -> None:
    found = outcome(tmp_path, RULE + "when = \"kind == 'deal'\"\n", [ITEM])
    assert (found.events, found.unmapped, found.ignored, found.items) == ([], [], 1, 1)


@pytest.mark.parametrize("value", ["yes", 1, [1], {"a": 1}, None, "true"])
def test_condition_holds_only_where_it_is_true(value: object, tmp_path: Path) -> None:
    assert outcome(tmp_path, RULE + 'when = "flag"\n', [{**ITEM, "flag": value}]).ignored == 1


def test_several_rules_make_several_events_of_one_item(tmp_path: Path) -> None:
    found = outcome(tmp_path, RULE + RULE.replace("changed", "deleted"), [ITEM])
    assert [json.loads(event)["type"] for event in found.events] == ["deal.changed", "deal.deleted"]


def test_rule_that_cannot_be_filled_leaves_the_others_be(tmp_path: Path) -> None:
    broken = '[[event]]\nname = "second"\n' + RULE.removeprefix("[[event]]\n").replace(
        'deal = "id"', 'deal = "number"'
    )
    found = outcome(tmp_path, RULE + broken, [{"a": 1}, ITEM])
    assert len(found.events) == 1
    assert found.unmapped == [
        Unmapped(1, "event 1", "id", "none of id is there"),
        Unmapped(1, "second", "id", "none of id is there"),
        Unmapped(2, "second", "deal", "number gives nothing"),
    ]


def test_body_that_cannot_be_read_is_unmapped_as_a_whole(tmp_path: Path) -> None:
    found = outcome(tmp_path, RULE, b"{")
    (unmapped,) = found.unmapped
    assert (unmapped.item, unmapped.rule, unmapped.field) == (0, "", None)
    assert unmapped.reason.startswith("not JSON: ")


def test_id_of_several_parts_is_a_json_array(tmp_path: Path) -> None:
    found = deal(tmp_path, 'id = ["id", "version", "\'moved\'"]', {"version": 2}, without="id")
    assert found["id"] == '["7","2","moved"]'


def test_part_of_an_id_that_is_not_there_is_null(tmp_path: Path) -> None:
    assert deal(tmp_path, 'id = ["id", "version"]', {}, without="id")["id"] == '["7",null]'


def test_long_id_is_its_digest(tmp_path: Path) -> None:
    found = deal(tmp_path, 'id = ["id", "text"]', {"text": "x" * 600}, without="id")
    other = deal(tmp_path, 'id = ["id", "text"]', {"text": "x" * 601}, without="id")
    assert found["id"].startswith("sha256:")
    assert found["id"] != other["id"]


def test_digest_is_the_same_for_every_order_and_attempt(tmp_path: Path) -> None:
    field, rest = 'id = "@digest"', '[body]\nvolatile = ["attempt", "meta.try"]\n'
    first = {"a": 1, "b": 2, "attempt": 1, "meta": {"try": 1, "x": 1}}
    again = {"meta": {"x": 1, "try": 2}, "b": 2, "a": 1, "attempt": 3}
    found = [deal(tmp_path, field, item, rest, without="id")["id"] for item in (first, again)]
    assert found[0] == found[1]
    assert len(found[0]) == 32


def test_digest_changes_with_a_value(tmp_path: Path) -> None:
    found = [deal(tmp_path, 'id = "@digest"', {"a": n}, without="id")["id"] for n in (1, 2)]
    assert found[0] != found[1]


def test_digest_knows_nothing_of_the_request(tmp_path: Path) -> None:
    text = RULE.replace('id = "id"', 'id = "@digest"')
    found = [
        json.loads(
            outcome(tmp_path, text, [ITEM], received=AT + n, headers={"n": str(n)}).events[0]
        )
        for n in (1, 2)
    ]
    assert found[0]["id"] == found[1]["id"]


def test_subject_carries_its_source_and_label(tmp_path: Path) -> None:
    found = [
        json.loads(outcome(tmp_path, RULE, [ITEM], label=label).events[0])
        for label in ("", "north")
    ]
    assert [each["subject"] for each in found] == ["acme:deal:7", "acme/north:deal:7"]
    assert [each["source"] for each in found] == ["acme", "acme/north"]


def test_headers_parameters_and_label_are_paths(tmp_path: Path) -> None:
    fields = (
        'stage = "_headers.topic"\nrep = "_query.rep"\nchannel = "_label"\nreason = "_source"\n'
    )
    request = {"headers": {"topic": "won"}, "query": {"rep": "ann"}, "label": "north"}
    event = json.loads(outcome(tmp_path, RULE + fields, [ITEM], **request).events[0])
    assert [event[name] for name in ("stage", "rep", "channel", "reason")] == [
        "won",
        "ann",
        "north",
        "acme",
    ]


def test_shared_fields_give_way_to_the_rules_own(tmp_path: Path) -> None:
    rest = '[like.a]\nstage = { const = "shared" }\nrep = { const = "ann" }\n'
    found = deal(tmp_path, 'like = "a"\nstage = { const = "own" }', {}, rest)
    assert (found["stage"], found["rep"]) == ("own", "ann")


def test_record_to_be_read_is_named_once(tmp_path: Path) -> None:
    rule = '[[event]]\nread = "deal"\nfrom = "id"\n'
    found = outcome(tmp_path, rule, [{"id": 7}, {"id": "7"}, {"id": 8}])
    assert found.reads == [Read("deal", "7"), Read("deal", "8")]
    assert (found.events, found.ignored) == ([], 0)


def test_list_of_ids_names_a_record_each(tmp_path: Path) -> None:
    found = outcome(tmp_path, '[[event]]\nread = "deal"\nfrom = "ids"\n', {"ids": [7, "8"]})
    assert found.reads == [Read("deal", "7"), Read("deal", "8")]


def test_list_of_a_rule_has_a_bounded_number_of_elements(tmp_path: Path) -> None:
    text = RULE.replace('id = "id"', 'id = "_each"') + 'each = "ids"\n'
    found = outcome(tmp_path, text, {**ITEM, "ids": [*range(10_001)]})
    assert found.unmapped == [Unmapped(1, "event 1", "each", "more than 10,000 elements")]
    assert (found.events, found.ignored) == ([], 0)


def test_record_without_an_id_is_unmapped(tmp_path: Path) -> None:
    found = outcome(tmp_path, '[[event]]\nread = "deal"\nfrom = "id"\n', {})
    assert found.unmapped == [Unmapped(1, "event 1", "from", "id gives nothing")]


NAMED = '[[event]]\nname = "won"\n' + RULE.removeprefix("[[event]]\n")


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that ships one source, `acme`; the folder to lay over it."""
    files, own = tmp_path / "files", tmp_path / "own"
    files.mkdir()
    own.mkdir()
    (files / "acme.toml").write_text(
        'source = "acme"\n' + NAMED + 'stage = { from = "x", table = "s" }\n[table.s]\na = "A"\n'
    )
    monkeypatch.setattr("streams.sources.loading.SHIPPED", files)
    return own


def made(folder: Path, item: dict[str, object]) -> list[dict[str, object]]:
    """The events that the source `acme` makes of an item."""
    found = translate(sources(folder)["acme"], delivery("acme", [{**ITEM, **item}]), KEY)
    assert not found.unmapped
    return [json.loads(event) for event in found.events]


def test_tables_merge_key_by_key(shipped: Path) -> None:
    (shipped / "acme.toml").write_text('source = "acme"\n[table.s]\nb = "B"\n')
    assert [made(shipped, {"x": x})[0]["stage"] for x in ("a", "b")] == ["A", "B"]


def test_rule_of_the_same_name_replaces(shipped: Path) -> None:
    (shipped / "acme.toml").write_text('source = "acme"\n' + NAMED + 'rep = { const = "ann" }\n')
    (event,) = made(shipped, {"x": "a"})
    assert event["rep"] == "ann"
    assert "stage" not in event


def test_rule_of_a_new_name_is_added(shipped: Path) -> None:
    (shipped / "acme.toml").write_text('source = "acme"\n' + NAMED.replace('"won"', '"lost"'))
    assert len(made(shipped, {"x": "a"})) == 2


def test_rule_is_removed_by_name(shipped: Path) -> None:
    text = 'source = "acme"\n[[event]]\nname = "won"\ndrop = true\n'
    (shipped / "acme.toml").write_text(text)
    assert made(shipped, {}) == []


def test_rule_to_be_removed_has_to_be_there(shipped: Path) -> None:
    text = 'source = "acme"\n[[event]]\nname = "wom"\ndrop = true\n'
    (shipped / "acme.toml").write_text(text)
    with pytest.raises(BadSetting) as refused:
        sources(shipped)
    first = str(refused.value).splitlines()[0]
    assert (
        first == "acme.toml:2:3: event 1: no event is called wom; there are won; did you mean won?"
    )


def test_file_without_base_stands_alone(shipped: Path) -> None:
    (shipped / "acme.toml").write_text('source = "acme"\nbase = false\n[defaults]\na = "b"\n')
    found = sources(shipped)["acme"]
    assert (found.events, found.tables) == ((), {})


def test_version_changes_with_the_file_laid_over(shipped: Path) -> None:
    before = sources(shipped)["acme"].digest
    (shipped / "acme.toml").write_text('source = "acme"\n[table.s]\nb = "B"\n')
    assert sources(shipped)["acme"].digest != before


def test_other_file_of_the_package_is_compiled_only_when_it_is_asked_for(shipped: Path) -> None:
    mistaken = 'source = "other"\nnonsense = 1\n'
    (shipped.with_name("files") / "other.toml").write_text(mistaken)
    known = sources(None)
    assert [*known] == ["acme", "other"]
    assert "other" in known
    assert known["acme"].name == "acme"
    with pytest.raises(BadSetting, match="nonsense"):
        known["other"]
