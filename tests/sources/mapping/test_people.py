"""People known by number or address: keyed hashes, and the merge into their contact."""

import json
from pathlib import Path

import pytest

from streams.sources.identity import email, phone
from streams.sources.mapping import translate
from tests.sources.mapping.files import ITEM, acme, deal, reason
from tests.sources.translated import KEY, delivery

GERMANY = {"country_code": "49"}
RUSSIA = {"country_code": "7", "trunk": "8"}
BY_PHONE = 'subject = { from = "tel", link = "phone" }'


@pytest.mark.parametrize(
    ("written", "defaults", "digits"),
    [
        ("+49 (30) 123-4567", {}, "49301234567"),
        ("0049 30 1234567", {}, "49301234567"),
        ("tel:+49-30-1234567", {}, "49301234567"),
        ("030 1234567", GERMANY, "49301234567"),
        ("49301234567", GERMANY, "49301234567"),
        ("+1 415 867 5309", GERMANY, "14158675309"),
        ("8 (916) 123-45-67", RUSSIA, "79161234567"),
        ("+7 916 123 45 67", RUSSIA, "79161234567"),
        ("916 123 45 67", RUSSIA, "79161234567"),
        ("4158675309", {}, "4158675309"),
        ("101", {}, None),
        ("anonymous", {}, None),
        ("sip:ann@example.com", {}, None),
    ],
)
def test_number_is_its_international_digits(
    written: str, defaults: dict[str, str], digits: str | None
) -> None:
    assert phone(written, defaults) == digits


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (" Ann@Example.COM ", "ann@example.com"),
        ("Ann Lee <ann@example.com>", "ann@example.com"),
        ("ann", None),
        ("@example.com", None),
    ],
)
def test_address_is_in_small_letters(written: str, normal: str | None) -> None:
    assert email(written) == normal


def test_person_is_a_keyed_hash(tmp_path: Path) -> None:
    found = deal(tmp_path, BY_PHONE, {"tel": "+49 30 1234567"}, without="subject")
    again = deal(tmp_path, BY_PHONE, {"tel": "0049301234567"}, without="subject")
    assert found["subject"] == again["subject"]
    kind, _, digest = found["subject"].partition(":")
    assert (kind, len(digest)) == ("phone", 32)
    assert "1234567" not in json.dumps(found)


def test_hash_depends_on_the_key(tmp_path: Path) -> None:
    from tests.sources.mapping.files import rule

    source = acme(tmp_path, rule("subject") + BY_PHONE)
    request = delivery("acme", [{**ITEM, "tel": "+49 30 1234567"}])
    assert translate(source, request, KEY).events != translate(source, request, b"other").events


def test_hash_is_the_same_for_every_source(tmp_path: Path) -> None:
    found = deal(tmp_path, BY_PHONE, {"tel": "+49301234567"}, without="subject")
    assert "acme" not in found["subject"]


def test_number_that_is_none_leaves_the_next_way(tmp_path: Path) -> None:
    field = 'subject = [{ from = "tel", link = "phone" }, { from = "rep", link = "rep" }]'
    found = deal(tmp_path, field, {"tel": "anonymous", "rep": "ann"}, without="subject")
    assert found["subject"] == "rep:ann"


def test_number_that_is_none_is_no_subject(tmp_path: Path) -> None:
    found = reason(tmp_path, BY_PHONE, {"tel": "101"}, without="subject")
    assert found == ("subject", "tel gives nothing of use")
