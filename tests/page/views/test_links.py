"""Links into CRMs: which subjects have one, and that an id cannot change the address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.page.views.links import crm_link

LINKS = {
    "hubspot:contact": "https://app.hubspot.com/contacts/1/record/0-1/{id}",
    "hubspot:deal": "https://app.hubspot.com/contacts/1/record/0-3/{id}",
    "odoo:berlin:lead": "https://berlin.example.com/odoo/crm/{id}?debug=0",
}


@pytest.mark.parametrize(
    ("subject", "address"),
    [
        ("hubspot:contact:7", "https://app.hubspot.com/contacts/1/record/0-1/7"),
        ("hubspot:deal:7", "https://app.hubspot.com/contacts/1/record/0-3/7"),
        ("odoo:berlin:lead:12", "https://berlin.example.com/odoo/crm/12?debug=0"),
        ("odoo:lead:12", ""),
        ("hubspot:contact:", ""),
        ("hubspot:contacts:7", ""),
        ("hubspot:contact", ""),
        ("lead-7", ""),
    ],
)
def test_subject_is_linked_by_what_it_begins_with(subject: str, address: str) -> None:
    assert crm_link(LINKS, subject) == address


@given(st.text(min_size=1))
def test_no_id_leaves_its_place_in_the_address(number: str) -> None:
    found = crm_link(LINKS, f"odoo:berlin:lead:{number}")
    middle = found.removeprefix("https://berlin.example.com/odoo/crm/").removesuffix("?debug=0")
    assert len(middle) == len(found) - len("https://berlin.example.com/odoo/crm/?debug=0")
    assert not set(middle) & set("/?#&:@ <>\"'")
