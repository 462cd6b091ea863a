"""Items: how requests of each format are taken apart."""

from pathlib import Path
from typing import Any

import pytest

from streams.sources.bodies import BadBody, items, record_read
from tests.sources.mapping.files import acme

SOAP = b"""<?xml version="1.0"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
    xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:o="urn:objects">
  <s:Body><notifications xmlns="urn:messages"><Org>7</Org>
    <Notification><Id>n1</Id><sObject i:type="o:Lead"><o:Id>1</o:Id><o:Rep i:nil="true"/></sObject>
    </Notification>%b
  </notifications></s:Body>
</s:Envelope>"""
SECOND = b"<Notification><Id>n2</Id></Notification>"
NOTIFICATIONS = 'format = "soap"\nitems = "Envelope.Body.notifications.Notification"\n'


def taken(folder: Path, body: bytes, layout: str = "") -> list[dict[str, Any]]:
    """The items of a body with this [body]."""
    return items(acme(folder, f"[body]\n{layout}").body, body)


def problem(folder: Path, body: bytes, layout: str = "") -> str:
    """Why a body cannot be taken apart."""
    with pytest.raises(BadBody) as refused:
        taken(folder, body, layout)
    return str(refused.value)


def test_list_has_an_item_for_each_element(tmp_path: Path) -> None:
    assert taken(tmp_path, b'[{"a": 1}, {"a": 2}]') == [{"a": 1}, {"a": 2}]


def test_object_is_one_item(tmp_path: Path) -> None:
    assert taken(tmp_path, b'{"a": 1}') == [{"a": 1}]


def test_element_that_is_no_object_is_its_value(tmp_path: Path) -> None:
    assert taken(tmp_path, b'[7, "x"]') == [{"_value": 7}, {"_value": "x"}]


def test_items_lie_where_the_layout_says(tmp_path: Path) -> None:
    layout = 'items = "events"\nwith = { account = "account.id", gone = "gone" }\n'
    body = b'{"account": {"id": 5}, "events": [{"a": 1}, {"a": 2}]}'
    assert taken(tmp_path, body, layout) == [{"a": 1, "account": 5}, {"a": 2, "account": 5}]


def test_body_without_its_items_is_refused(tmp_path: Path) -> None:
    assert problem(tmp_path, b'{"a": 1}', 'items = "events"') == "[body] items gives nothing"


def test_bodies_of_two_shapes_have_items_of_either(tmp_path: Path) -> None:
    layout = 'items = "events || @"'
    assert taken(tmp_path, b'{"events": [{"a": 1}]}', layout) == [{"a": 1}]
    assert taken(tmp_path, b'[{"a": 1}]', layout) == [{"a": 1}]


def test_list_inside_an_item_fans_it_out(tmp_path: Path) -> None:
    body = b'{"ids": [1, 2], "a": 3}'
    assert [item["each"] for item in taken(tmp_path, body, 'each = "ids"')] == [1, 2]
    assert taken(tmp_path, b'{"a": 3}', 'each = "ids"') == [{"a": 3}]


def test_lists_of_keys_and_values_are_objects(tmp_path: Path) -> None:
    body = b"""{"Input": [{"key": "Target", "value": {"Attributes": [
        {"key": "name", "value": "x"}, {"key": "amount", "value": {"Value": 1.50}}]}}],
        "none": [], "plain": [{"id": 1}]}"""
    (found,) = taken(tmp_path, body, 'pairs = ["key", "value"]')
    assert found["Input"]["Target"]["Attributes"]["name"] == "x"
    assert str(found["Input"]["Target"]["Attributes"]["amount"]["Value"]) == "1.50"
    assert (found["none"], found["plain"]) == ([], [{"id": 1}])


def test_entities_are_items_of_several_kinds(tmp_path: Path) -> None:
    layout = 'format = "entities"\nwith = { account = "account" }\n'
    body = b"leads[add][0][id]=1&leads[add][1][id]=2&contacts[update][0][id]=3&account[id]=9"
    account = {"id": "9"}
    assert taken(tmp_path, body, layout) == [
        {"id": "1", "entity": "leads", "action": "add", "account": account},
        {"id": "2", "entity": "leads", "action": "add", "account": account},
        {"id": "3", "entity": "contacts", "action": "update", "account": account},
    ]


@pytest.mark.parametrize("body", [b"leads[delete]=71", b"leads[delete][0]=71"])
def test_bare_value_of_an_entity_is_its_id(body: bytes, tmp_path: Path) -> None:
    (found,) = taken(tmp_path, body, 'format = "entities"')
    assert found == {"id": "71", "entity": "leads", "action": "delete"}


def test_json_inside_a_form_is_read(tmp_path: Path) -> None:
    layout = 'format = "json-in-form"\nfield = "events"'
    assert taken(tmp_path, b"events=%5B%7B%22a%22%3A1%7D%5D", layout) == [{"a": 1}]
    assert problem(tmp_path, b"other=1", layout) == "the form has no field events"


@pytest.mark.parametrize(("more", "ids"), [(b"", ["n1"]), (SECOND, ["n1", "n2"])])
def test_notifications_of_soap_are_items(more: bytes, ids: list[str], tmp_path: Path) -> None:
    found = taken(tmp_path, SOAP % more, NOTIFICATIONS)
    assert [item["Id"] for item in found] == ids
    assert found[0]["sObject"] == {"@type": "Lead", "Id": "1", "Rep": None}


@pytest.mark.parametrize(
    "head",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd">',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_document_types_of_xml_are_refused(head: bytes, tmp_path: Path) -> None:
    found = problem(tmp_path, head + b"<a>&x;</a>", 'format = "soap"')
    assert found == "XML with a document type or entities, which are refused"


def test_xml_has_a_bounded_depth(tmp_path: Path) -> None:
    found = problem(tmp_path, b"<a>" * 40 + b"</a>" * 40, 'format = "soap"')
    assert found == "XML nested deeper than 32"


@pytest.mark.parametrize(
    ("body", "item"),
    [(b' {"a": "1"}', {"a": "1"}), (b"<a>1</a>", {"a": "1"}), (b"a=1", {"a": "1"})],
)
def test_format_may_be_found_by_the_first_character(
    body: bytes, item: dict[str, str], tmp_path: Path
) -> None:
    assert taken(tmp_path, body, 'format = "auto"') == [item]


def test_record_read_is_one_item_whatever_the_layout(tmp_path: Path) -> None:
    body = record_read("deal", b' {"id": 7, "amount": 1.10} ')
    layout = 'format = "entities"\nitems = "events"\neach = "ids"\n'
    (found,) = taken(tmp_path, body, layout)
    assert (found["_read"], found["id"], str(found["amount"])) == ("deal", 7, "1.10")


def test_empty_record_is_an_item_as_well(tmp_path: Path) -> None:
    assert taken(tmp_path, record_read("deal", b"{}")) == [{"_read": "deal"}]


def test_record_that_is_no_object_cannot_be_kept() -> None:
    with pytest.raises(BadBody, match="not a JSON object"):
        record_read("deal", b"[]")


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 200_000])
def test_json_nested_too_deep_is_refused(body: bytes, tmp_path: Path) -> None:
    assert problem(tmp_path, body) == "not JSON: nested too deep"


def test_items_are_bounded(tmp_path: Path) -> None:
    assert problem(tmp_path, b"[%b1]" % (b"1," * 10_000)).startswith("more than 10,000 items")


def test_fields_copied_into_items_are_bounded(tmp_path: Path) -> None:
    fields = b",".join(b'"f%d": 1' % n for n in range(1_000))
    body = b'{"ids": [%b1], %b}' % (b"1," * 600, fields)
    assert "500,000 fields" in problem(tmp_path, body, 'each = "ids"')
