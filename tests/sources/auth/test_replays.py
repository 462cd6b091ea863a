"""What marks a second copy of a request, where no fresh time bounds it."""

import pytest

from streams.sources import auth
from streams.sources.delivery import Webhook
from tests.sources.auth.shipped import BODY, recipe, recipe_of, sign, verify, webhook
from tests.sources.auth.test_sdks import PRIVATE_TEXT, PUBLIC_TEXT

FORM = b"CallSid=CA1&CallStatus=completed"


def replay_key(request: Webhook, name: str, public: str = "") -> str | None:
    """Give the mark of a request, which has to be verified."""
    outcome = verify(request, recipe(name), *([public] if public else []))
    assert isinstance(outcome, auth.Verified)
    return outcome.replay


@pytest.mark.parametrize("name", ["twilio", "mandrill", "intercom", "meta", "xero"])
def test_copy_of_a_request_has_the_same_mark(name: str) -> None:
    request = sign(webhook(FORM), name)
    copy = request._replace(received=request.received + 1)
    assert replay_key(request, name) == replay_key(copy, name) is not None


@pytest.mark.parametrize("name", ["twilio", "mandrill", "intercom", "meta", "xero"])
def test_other_request_has_another_mark(name: str) -> None:
    other = FORM.replace(b"CA1", b"CA2")
    keys = [replay_key(sign(webhook(body), name), name) for body in (FORM, other)]
    assert keys[0] != keys[1]


def test_token_of_mailgun_has_the_same_mark_with_any_other_body() -> None:
    request = sign(webhook(b'{"event-data":{"id":"1"}}'), "mailgun")
    forged = request._replace(body=request.body.replace(b'"id":"1"', b'"id":"2"'))
    assert replay_key(request, "mailgun") == replay_key(forged, "mailgun") is not None


def test_subaccount_of_mailgun_is_verified_by_the_signature_of_its_parent() -> None:
    request = sign(webhook(b'{"event-data":{"id":"1"}}'), "mailgun")
    body = request.body.replace(b'"signature":{', b'"parent-signature":{')
    assert replay_key(request._replace(body=body), "mailgun")


def test_legacy_form_of_mailgun_is_verified() -> None:
    assert replay_key(sign(webhook(b"event=opened"), "mailgun"), "mailgun")


def test_copy_of_a_request_of_sendgrid_has_the_same_mark_though_it_is_signed_again() -> None:
    first, second = (sign(webhook(), "sendgrid", PRIVATE_TEXT) for _ in range(2))
    assert first != second
    marks = {replay_key(each, "sendgrid", PUBLIC_TEXT) for each in (first, second)}
    assert len(marks) == 1


@pytest.mark.parametrize("name", ["hubspot", "stripe", "twenty", "zendesk", "close", "calendly"])
def test_request_with_a_fresh_time_has_no_mark(name: str) -> None:
    assert replay_key(sign(webhook(), name), name) is None


@pytest.mark.parametrize("name", ["espocrm", "attio", "erpnext", "shopify", "woocommerce"])
def test_request_whose_body_may_recur_has_no_mark(name: str) -> None:
    assert replay_key(sign(webhook(), name), name) is None


def test_own_recipe_may_claim_that_no_body_recurs() -> None:
    text = 'scheme = "hmac"\nheader = "x-sign"\n'
    marks = []
    for found in (recipe_of(text), recipe_of(text + "once = true")):
        outcome = verify(auth.sign(webhook(BODY), found, "k" * 24, "", 0), found, "k" * 24)
        assert isinstance(outcome, auth.Verified)
        marks.append(outcome.replay)
    assert marks[0] is None
    assert marks[1]


def test_time_of_mailgun_may_be_a_number() -> None:
    request = sign(webhook(b"{}"), "mailgun")
    time = b'"timestamp":"1795000000"'
    assert time in request.body
    number = request._replace(body=request.body.replace(time, b'"timestamp":1795000000'))
    assert replay_key(number, "mailgun")
