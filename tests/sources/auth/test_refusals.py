"""Requests that are not verified, and the kind that each is counted as."""

import jwt
import pytest

from streams.sources import auth
from streams.sources.delivery import Webhook
from tests.sources.auth.shipped import (
    BODY,
    NAMES,
    NOW,
    PUBLIC_URL,
    SECRET,
    kind,
    recipe,
    recipe_of,
    sign,
    verify,
    webhook,
)
from tests.sources.auth.test_sdks import PRIVATE_TEXT, PUBLIC_TEXT, WHSEC

SIGNED = ("hubspot", "erpnext", "espocrm", "twenty", "twilio", "stripe", "close", "monday", "meta")


def twice(request: Webhook) -> Webhook:
    """Give a request that has each of its headers twice, the same both times."""
    return request._replace(headers=request.headers + request.headers)


def without(request: Webhook, name: str) -> Webhook:
    """Give a request without a header."""
    return request._replace(headers=tuple(each for each in request.headers if each[0] != name))


@pytest.mark.parametrize("name", NAMES)
def test_request_without_signature_or_token_is_refused_as_such(name: str) -> None:
    assert kind(verify(webhook(b"{}"), recipe(name))) == "missing"


@pytest.mark.parametrize("name", NAMES)
def test_source_without_a_secret_verifies_nothing(name: str) -> None:
    secret = {"sendgrid": PRIVATE_TEXT, "standardwebhooks": WHSEC, "pipedrive": f"a:{SECRET}"}
    request = sign(webhook(b"{}"), name, secret.get(name, SECRET))
    outcome = auth.verify(request, recipe(name), (), PUBLIC_URL, NOW)
    assert kind(outcome) == "secret"


@pytest.mark.parametrize("name", SIGNED)
def test_repeated_header_is_refused_even_if_both_are_right(name: str) -> None:
    body = b"a=1" if name == "twilio" else BODY
    assert kind(verify(twice(sign(webhook(body), name)), recipe(name))) == "repeated"


@pytest.mark.parametrize("name", SIGNED)
def test_signature_by_another_secret_is_a_mismatch(name: str) -> None:
    other = "f" * 32
    assert kind(verify(sign(webhook(b"{}"), name, other), recipe(name))) == "mismatch"


@pytest.mark.parametrize("name", [*SIGNED, "zoho", "aircall", "bitrix24", "mailgun", "odoo"])
def test_each_of_several_secrets_verifies_while_they_rotate(name: str) -> None:
    old, new = "a" * 32, "b" * 32
    for secret in (old, new):
        request = sign(webhook(b"{}"), name, secret)
        assert kind(verify(request, recipe(name), old, new)) == "verified"


@pytest.mark.parametrize("name", ["hubspot", "twenty", "close", "zendesk"])
def test_signature_without_its_time_is_refused(name: str) -> None:
    request = sign(webhook(), name)
    [time] = [key for key, _ in request.headers if "time" in key and "v3" not in key]
    assert kind(verify(without(request, time), recipe(name))) == "missing"


@pytest.mark.parametrize(
    "header", ["v1=ab", "t=1795000000", "t=1795000000,v0=ab", "t,v1", "=", ",", "t=1,t=1,v1=ab"]
)
def test_header_of_parts_that_lacks_one_is_refused(header: str) -> None:
    outcome = verify(webhook(stripe_signature=header), recipe("stripe"))
    assert kind(outcome) in ("missing", "repeated")


def test_any_of_several_signatures_in_one_header_will_do() -> None:
    request = sign(webhook(), "stripe")
    [(name, header)] = request.headers
    both = header.replace("v1=", f"v1={'0' * 64},v1=")
    assert kind(verify(request._replace(headers=((name, both),)), recipe("stripe"))) == "verified"


def test_signature_that_is_not_ascii_is_a_mismatch() -> None:
    request = webhook(stripe_signature="t=1795000000,v1=é")
    assert kind(verify(request, recipe("stripe"))) == "mismatch"


@pytest.mark.parametrize("text", ["é", "====", "A", "dzE6", "OmFi", "dzE6A A", "/w==", "/zph"])
def test_wrapped_signature_that_is_no_base64_of_id_and_digest_is_malformed(text: str) -> None:
    assert kind(verify(webhook(signature=text), recipe("espocrm"))) == "malformed"


@pytest.mark.parametrize("signature", ["AAAA", "é", "MEUC", "!"])
def test_signature_of_sendgrid_that_is_none_is_refused(signature: str) -> None:
    request = webhook(
        x_twilio_email_event_webhook_signature=signature,
        x_twilio_email_event_webhook_timestamp="1795000000",
    )
    assert kind(verify(request, recipe("sendgrid"), PUBLIC_TEXT)) in ("malformed", "mismatch")


@pytest.mark.parametrize("name", ["hubspot", "twilio", "mandrill", "monday"])
def test_signed_address_is_not_verified_without_the_public_address(name: str) -> None:
    request = sign(webhook(b"a=1"), name)
    assert kind(verify(request, recipe(name), public_url="")) == "address"


@pytest.mark.parametrize("url", ["hooks.example.com", "ftp://example.com", "https://a:b", ":"])
def test_public_address_that_is_none_is_named_as_the_fault(url: str) -> None:
    request = sign(webhook(b"a=1"), "twilio")
    assert kind(verify(request, recipe("twilio"), public_url=url)) == "address"


def test_address_that_cannot_be_read_is_malformed() -> None:
    request = webhook(target=f"/webhooks/odoo?a=%ff&token={SECRET}")
    assert kind(verify(request, recipe("odoo"))) == "malformed"


@pytest.mark.parametrize("target", ["*", "@example.com/webhooks/acme", ":8080/", ""])
def test_signed_address_without_a_path_is_malformed(target: str) -> None:
    request = sign(webhook(b"a=1"), "hubspot")
    assert kind(verify(request._replace(target=target), recipe("hubspot"))) == "malformed"


def test_repeated_token_in_the_address_is_refused() -> None:
    request = webhook(target=f"/webhooks/odoo?token={SECRET}&token={SECRET}")
    assert kind(verify(request, recipe("odoo"))) == "repeated"


@pytest.mark.parametrize("name", ["hubspot", "twilio", "mandrill", "monday"])
def test_headers_of_a_proxy_do_not_change_the_signed_address(name: str) -> None:
    forged = sign(webhook(b"a=1"), name)
    headers = (*forged.headers, ("host", "hooks.example.com"), ("x-forwarded-proto", "https"))
    outcome = verify(
        forged._replace(headers=headers), recipe(name), public_url="https://other.example.com"
    )
    assert kind(outcome) == "mismatch"


@pytest.mark.parametrize(
    ("secret", "name"),
    [("not hex", "close"), ("AAAA", "sendgrid"), ("whpk_AAAA", "standardwebhooks")],
)
def test_secret_that_is_no_key_of_the_source_is_named_as_the_fault(secret: str, name: str) -> None:
    signing = {"sendgrid": PRIVATE_TEXT, "standardwebhooks": "whsk_" + WHSEC[6:]}
    request = sign(webhook(), name, signing.get(name, SECRET))
    assert kind(verify(request, recipe(name), secret)) == "secret"


def test_token_without_an_end_is_refused() -> None:
    target = "/webhooks/monday"
    token = jwt.encode({"aud": PUBLIC_URL + target}, SECRET, algorithm="HS256")
    request = webhook(target=target, authorization=token)
    assert kind(verify(request, recipe("monday"))) == "mismatch"


@pytest.mark.parametrize("end", [True, "soon", [], {}, "1795000300"])
def test_token_whose_end_is_no_number_is_refused(end: object) -> None:
    target = "/webhooks/monday"
    token = jwt.encode({"aud": PUBLIC_URL + target, "exp": end}, SECRET, algorithm="HS256")
    request = webhook(target=target, authorization=token)
    assert kind(verify(request, recipe("monday"))) == "malformed"


def test_token_for_another_address_is_refused() -> None:
    request = sign(webhook(target="/webhooks/monday/other"), "monday")
    assert kind(verify(request._replace(target="/webhooks/monday"), recipe("monday"))) == "mismatch"


def test_unsigned_token_is_refused() -> None:
    claims = {"aud": PUBLIC_URL + "/webhooks/acme", "exp": NOW // 1_000 + 60}
    token = jwt.encode(claims, "", algorithm="none")
    assert kind(verify(webhook(authorization=token), recipe("monday"))) != "verified"


def test_form_of_too_many_pairs_is_not_read() -> None:
    assert kind(verify(webhook(b"a=&" * 5_001), recipe("bitrix24"))) == "body"


@pytest.mark.parametrize("body", [b'{"token":{"a":1}}', b'{"token":[1]}', b'{"token":true}'])
def test_body_whose_token_is_no_text_is_not_read(body: bytes) -> None:
    assert kind(verify(webhook(body), recipe("aircall"))) == "body"


def test_deeply_nested_body_is_not_read() -> None:
    body = b'{"a":' * 100_000
    assert kind(verify(webhook(body), recipe("aircall"))) == "body"


def test_user_without_password_is_refused() -> None:
    request = webhook(authorization="Basic dXNlcg==")
    assert kind(verify(request, recipe("pipedrive"), f"user:{SECRET}")) == "mismatch"


def test_other_scheme_of_authorization_is_malformed() -> None:
    request = webhook(authorization=f"Digest {SECRET}")
    assert kind(verify(request, recipe("cloudevents"))) == "malformed"


def test_organisation_that_is_not_named_is_foreign() -> None:
    found = recipe_of(
        'scheme = "token"\nquery = "token"\n'
        '[[auth.only]]\nelement = "OrganizationId"\nvalues = ["00D1", "00D2"]'
    )
    target = f"/webhooks/salesforce?token={SECRET}"
    soap = "<e:Body xmlns:e='urn:e'><OrganizationId xmlns='urn:n'>{}</OrganizationId></e:Body>"
    kinds = [
        kind(verify(webhook(soap.format(each).encode(), target=target), found))
        for each in ("00D2", "00D3")
    ]
    assert kinds == ["verified", "foreign"]


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><OrganizationId>&b;</OrganizationId>",
        b"<!DOCTYPE a SYSTEM 'file:///etc/hostname'><OrganizationId>1</OrganizationId>",
        b"<a>",
        b"",
        b"\xff\xfe",
        b"<?xml version='1.0' encoding='nonsense'?><a/>",
    ],
)
def test_body_with_a_document_type_or_no_xml_is_not_read(body: bytes) -> None:
    found = recipe_of('scheme = "token"\nelement = "OrganizationId"')
    assert kind(verify(webhook(body), found)) == "body"


def test_reason_quotes_neither_secret_nor_signature() -> None:
    for name in NAMES:
        private = {"sendgrid": PRIVATE_TEXT, "standardwebhooks": WHSEC, "pipedrive": "a:" + SECRET}
        request = sign(webhook(b"{}"), name, private.get(name, SECRET))
        outcome = verify(request, recipe(name), "a:" + "9" * 32, now=NOW + 10**12)
        assert isinstance(outcome, auth.Refused)
        values = [value for _, value in request.headers] + ["9" * 32, SECRET]
        assert not [value for value in values if value in outcome.reason]
