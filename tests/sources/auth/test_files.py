"""What the shipped files say of each source, where a mistake would lose or leak something."""

import pytest

from streams.sources import auth
from tests.sources.auth.shipped import FILES, NAMES, file, recipe

# All for which a recipe is shipped: that one is missing would be noticed by nothing else.
EXPECTED = frozenset(
    """
aircall amocrm attio bitrix24 calendly close cloudevents dynamics365 erpnext espocrm generic
hubspot intercom mailgun mandrill meta monday odoo pipedrive quickbooks ringcentral salesforce
sendgrid shopify standardwebhooks stripe twenty twilio woocommerce xero zendesk zoho
""".split()  # noqa: SIM905 - shorter
)


def rules(name: str) -> auth.DeliveryRules:
    return auth.delivery_rules(file(name).table("delivery"))


def test_recipe_is_shipped_for_every_source() -> None:
    assert set(NAMES) >= EXPECTED


@pytest.mark.parametrize("name", NAMES)
def test_file_is_named_as_its_source(name: str) -> None:
    table = file(name)
    assert table.text("source") == name
    assert table.text("title")
    assert auth.read_handshakes(table.tables("handshake")) is not None


@pytest.mark.parametrize("name", NAMES)
def test_token_in_a_body_is_not_kept(name: str) -> None:
    paths = rules(name).strip
    fields = [
        place.name
        for scheme in recipe(name).schemes
        if (place := getattr(scheme, "place", None)) and place.kind == "field"
    ]
    assert all(any(f"{field}.".startswith(f"{path}.") for path in paths) for field in fields)


@pytest.mark.parametrize("name", NAMES)
def test_header_with_a_credential_is_not_kept(name: str) -> None:
    secret = {"authorization", "x-webhook-key", "verification-token", "cookie"}
    assert not secret & set(rules(name).keep)


@pytest.mark.parametrize("name", NAMES)
def test_token_in_the_address_is_hidden(name: str) -> None:
    text = (FILES / f"{name}.toml").read_text()
    assert ('query = "token"' in text) == ("token" in recipe(name).hidden)


def test_public_address_is_needed_by_those_who_sign_it_alone() -> None:
    needing = {name for name in NAMES if recipe(name).needs_address}
    assert needing == {"hubspot", "twilio", "mandrill"}


@pytest.mark.parametrize(("name", "limit_ms"), [("odoo", 1_000), ("amocrm", 2_000)])
def test_answer_is_in_time_for_the_impatient(name: str, limit_ms: int) -> None:
    assert rules(name).deadline_ms <= 0.8 * limit_ms


@pytest.mark.parametrize("name", NAMES)
def test_answer_is_in_time_for_everyone_else(name: str) -> None:
    assert rules(name).deadline_ms <= 4_000


def test_later_is_503_for_espocrm_which_drops_the_batch_otherwise() -> None:
    assert rules("espocrm").later == 503


def test_body_that_cannot_be_read_is_not_asked_for_again_from_mailgun() -> None:
    assert rules("mailgun").broken == 406


def test_intent_to_receive_of_xero_gets_an_empty_body_or_exactly_401() -> None:
    assert (rules("xero").ok, rules("xero").answer, rules("xero").refused) == (200, "", 401)


def test_outbound_message_of_salesforce_is_acknowledged_in_an_envelope() -> None:
    answer = rules("salesforce")
    assert answer.answer_type == "text/xml"
    assert answer.answer.startswith("<?xml")
    assert "<Ack>true</Ack>" in answer.answer
    assert "\n" not in answer.answer


@pytest.mark.parametrize("name", ["bitrix24", "twenty", "odoo"])
def test_source_that_never_repeats_is_known_as_such(name: str) -> None:
    assert rules(name).retries == "never"


@pytest.mark.parametrize(
    "name", ["dynamics365", "pipedrive", "amocrm", "aircall", "xero", "woocommerce"]
)
def test_source_that_gives_up_or_is_switched_off_is_known_as_such(name: str) -> None:
    assert rules(name).retries == "few"
