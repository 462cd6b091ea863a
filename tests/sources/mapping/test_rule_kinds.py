"""Rules for each element of a list, rules for whole events, and money that needs two numbers."""

import json
from typing import Any

from streams.sources.loading import compiled
from streams.sources.mapping import Translation, translate
from streams.sources.written import read
from tests.sources.translated import KEY, delivery

PAYMENTS = """
source = "acme"
[[event]]
name     = "paid"
when     = "_each.state == 'done'"
each     = "payments"
type     = "invoice.paid"
id       = ["_each.id"]
at       = { from = "_each.at", time = "s" }
subject  = { from = "customer", link = "customer" }
invoice  = "id"
amount   = { from = "_each.amount", money = "minor", places = "places" }
currency = "currency"
[table.places]
MGA = 0
"""
CANONICAL = """
source = "acme"
[[event]]
name      = "canonical"
canonical = "data"
type      = "kind"
id        = ["data.number"]
"""
OWED = """
source = "acme"
[[event]]
type     = "invoice.paid"
id       = ["id"]
at       = { from = "at", time = "s" }
subject  = "customer"
invoice  = "id"
amount   = { from = "total", minus = "owed", money = "major" }
currency = { const = "EUR" }
"""
DEAL = {
    "deal": "7",
    "amount": "12.50",
    "currency": "EUR",
    "subject": "lead",
    "at": "2026-03-03T09:15:00Z",
}


def outcome(mapping: str, body: object) -> Translation:
    """What a request becomes by a mapping file of these lines."""
    written = read(mapping, "acme.toml")
    source = compiled(written)
    assert source is not None
    assert not written.mistakes
    return translate(source, delivery("acme", body), KEY)


def mistakes(mapping: str) -> list[str]:
    """The mistakes of a mapping file, without the lines they are in."""
    written = read(mapping, "acme.toml")
    compiled(written)
    return [mistake.text.splitlines()[0] for mistake in written.mistakes]


def events(found: Translation) -> list[dict[str, Any]]:
    """The events of a translation that leaves nothing unmapped."""
    assert not found.unmapped
    return [json.loads(event) for event in found.events]


def invoice(*payments: dict[str, object], currency: str = "EUR") -> dict[str, object]:
    """An invoice with its payments."""
    return {"id": 1, "customer": 9, "currency": currency, "payments": [*payments]}


def payment(number: int, amount: int, state: str = "done") -> dict[str, object]:
    """A payment in minor units."""
    return {"id": number, "amount": amount, "at": 1_772_528_400, "state": state}


def test_rule_is_applied_to_each_element_that_it_matches() -> None:
    body = invoice(payment(1, 400), payment(2, 600), payment(3, 900, "failed"))
    found = events(outcome(PAYMENTS, body))
    assert [(each["id"], each["amount"]) for each in found] == [
        ('["1"]', "4.00"),
        ('["2"]', "6.00"),
    ]


def test_item_without_elements_is_ignored() -> None:
    assert outcome(PAYMENTS, invoice()).ignored == outcome(PAYMENTS, {"id": 1}).ignored == 1


def test_table_gives_the_places_of_a_currency() -> None:
    (found,) = events(outcome(PAYMENTS, invoice(payment(1, 400), currency="mga")))
    assert found["amount"] == "400"


def test_places_must_be_a_digit() -> None:
    assert mistakes(PAYMENTS.replace("MGA = 0", 'MGA = "none"')) == [
        "acme.toml:12:63: event 1, amount.places: [table.places] must give digits from 0 to 9"
    ]


def test_item_holds_a_whole_event_with_fields_of_the_rule_before_its_own() -> None:
    body = {"kind": "deal.changed", "data": DEAL | {"number": 3, "id": "other"}}
    (found,) = events(outcome(CANONICAL, body))
    assert found == DEAL | {"type": "deal.changed", "id": '["3"]', "source": "acme", "number": 3}


def test_whole_event_is_checked_as_any_other() -> None:
    body = {"kind": "deal.changed", "data": DEAL | {"number": 3, "amount": 12.5}}
    (found,) = outcome(CANONICAL, body).unmapped
    assert (found.rule, found.field) == ("canonical", "amount")


def test_item_without_its_event_is_unmapped() -> None:
    (found,) = outcome(CANONICAL, {"kind": "deal.changed", "data": 3}).unmapped
    assert found.reason == "is no object that holds an event"


def test_canonical_rule_has_no_fields_of_one_type() -> None:
    (found,) = mistakes(CANONICAL + 'deal = "data.deal"\n')
    assert found.startswith("acme.toml:8:1: event 1, deal: unknown field deal of a canonical rule")


def test_what_is_owed_is_subtracted_exactly() -> None:
    body = b'{"id":1,"customer":"c","at":1772528400,"total":12345678901234567.89,"owed":0.9}'
    (found,) = events(outcome(OWED, body))
    assert found["amount"] == "12345678901234566.99"


def test_amount_without_what_is_to_be_subtracted_is_unmapped() -> None:
    (found,) = outcome(OWED, {"id": 1, "customer": "c", "at": 1772528400, "total": 3}).unmapped
    assert (found.field, found.reason) == ("amount", "what is to be subtracted is not there")


def test_negation_of_the_first_name_alone_is_refused() -> None:
    (found,) = mistakes(CANONICAL.replace('"canonical"\n', '"canonical"\nwhen = "!data.hidden"\n'))
    assert found == ("acme.toml:5:9: event 1, when: ! is of the name alone: write !(a.b)")
