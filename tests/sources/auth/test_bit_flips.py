"""No bit of what is signed can be changed: body, time, signature, address."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources import auth
from streams.sources.delivery import Webhook
from tests.sources.auth.shipped import BODY, NOW, PUBLIC_URL, SECRET, recipe, sign, verify, webhook
from tests.sources.auth.test_sdks import PRIVATE_TEXT, PUBLIC_TEXT, WHSEC

FORM = b"CallSid=CA1&To=18005551212&Digits=2"


@dataclass(frozen=True)
class Sender:
    """How a source signs, and in which headers; whether it signs the address too."""

    headers: tuple[str, ...]
    body: bytes = BODY
    secret: str = SECRET
    public: str = SECRET
    is_of_address: bool = False


BODY_SIGNED = {
    "hubspot": Sender(
        ("x-hubspot-signature-v3", "x-hubspot-request-timestamp"), is_of_address=True
    ),
    "erpnext": Sender(("x-frappe-webhook-signature",)),
    "twenty": Sender(("x-twenty-webhook-signature", "x-twenty-webhook-timestamp")),
    "twilio": Sender(("x-twilio-signature",), FORM, is_of_address=True),
    "sendgrid": Sender(
        (
            "x-twilio-email-event-webhook-signature",
            "x-twilio-email-event-webhook-timestamp",
        ),
        secret=PRIVATE_TEXT,
        public=PUBLIC_TEXT,
    ),
    "mandrill": Sender(("x-mandrill-signature",), FORM, is_of_address=True),
    "stripe": Sender(("stripe-signature",)),
    "standardwebhooks": Sender(
        ("webhook-id", "webhook-timestamp", "webhook-signature"), secret=WHSEC, public=WHSEC
    ),
    "close": Sender(("close-sig-hash", "close-sig-timestamp")),
    "attio": Sender(("attio-signature",)),
    "zendesk": Sender(("x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp")),
    "intercom": Sender(("x-hub-signature",)),
    "calendly": Sender(("calendly-webhook-signature",)),
    "xero": Sender(("x-xero-signature",)),
    "quickbooks": Sender(("intuit-signature",)),
    "shopify": Sender(("x-shopify-hmac-sha256",)),
    "woocommerce": Sender(("x-wc-webhook-signature",)),
    "meta": Sender(("x-hub-signature-256",)),
}


def flipped(data: bytes) -> Iterator[bytes]:
    """Give every byte string that differs in one bit."""
    for at in range(len(data)):
        for bit in range(8):
            yield data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def changed(request: Webhook, name: str) -> Iterator[Webhook]:
    """Give every request with one bit of a header changed."""
    for key, value in request.headers:
        if key == name:
            for each in flipped(value.encode()):
                other = (name, each.decode("utf-8", "surrogateescape"))
                yield request._replace(
                    headers=tuple(other if pair[0] == name else pair for pair in request.headers)
                )


def signed(name: str, body: bytes | None = None) -> Webhook:
    """Give a request of a source as it is signed there."""
    sender = BODY_SIGNED[name]
    target = f"/webhooks/{name}?label=north"
    return sign(webhook(body or sender.body, target=target), name, sender.secret)


def accepted(name: str, requests: Iterator[Webhook]) -> list[Webhook]:
    """Give those of the requests that are verified."""
    found, public = recipe(name), BODY_SIGNED[name].public
    return [each for each in requests if isinstance(verify(each, found, public), auth.Verified)]


@pytest.mark.parametrize("name", BODY_SIGNED)
def test_request_is_verified_as_it_was_signed(name: str) -> None:
    assert accepted(name, iter([signed(name)]))


@pytest.mark.parametrize("name", BODY_SIGNED)
def test_body_with_any_bit_changed_is_refused(name: str) -> None:
    request = signed(name)
    assert not accepted(name, (request._replace(body=each) for each in flipped(request.body)))


@pytest.mark.parametrize("name", BODY_SIGNED)
def test_signature_or_time_with_any_bit_changed_is_refused(name: str) -> None:
    request = signed(name)
    for header in BODY_SIGNED[name].headers:
        assert not accepted(name, changed(request, header)), header


@pytest.mark.parametrize("name", [name for name in BODY_SIGNED if BODY_SIGNED[name].is_of_address])
def test_signed_address_with_any_bit_changed_is_refused(name: str) -> None:
    request = signed(name)
    targets = (each.decode("utf-8", "surrogateescape") for each in flipped(request.target.encode()))
    assert not accepted(name, (request._replace(target=each) for each in targets))


@pytest.mark.parametrize("name", [name for name in BODY_SIGNED if BODY_SIGNED[name].body == BODY])
@given(data=st.data())
def test_any_body_is_verified_whole_and_refused_with_a_bit_changed(
    name: str, data: st.DataObject
) -> None:
    body = data.draw(st.binary(min_size=1, max_size=200))
    request = signed(name, body)
    bit = data.draw(st.integers(0, 8 * len(body) - 1))
    other = bytearray(body)
    other[bit // 8] ^= 1 << bit % 8
    assert len(accepted(name, iter([request, request._replace(body=bytes(other))]))) == 1


def test_signature_of_mailgun_with_any_bit_changed_is_refused() -> None:
    request = sign(webhook(b'{"event-data":{"id":"1"}}'), "mailgun")
    start = request.body.index(b'"signature":{') + len(b'"signature":{')
    end = request.body.index(b"}", start)
    bodies = (
        request.body[:start] + each + request.body[end:]
        for each in flipped(request.body[start:end])
    )
    found = [each for each in bodies if is_verified(request._replace(body=each), "mailgun")]
    assert is_verified(request, "mailgun")
    assert not found


def test_token_of_monday_with_any_bit_changed_is_refused() -> None:
    request = sign(webhook(target="/webhooks/monday"), "monday")
    assert is_verified(request, "monday")
    assert not [each for each in changed(request, "authorization") if is_verified(each, "monday")]


@pytest.mark.parametrize("header", ["signature", "x-signature"])
def test_digest_of_espocrm_with_any_bit_changed_is_refused(header: str) -> None:
    scheme = recipe("espocrm").schemes[["signature", "x-signature"].index(header)]
    request = scheme.sign(webhook(), SECRET, PUBLIC_URL, NOW)
    assert is_verified(request, "espocrm")
    # The id before the digest, `sample:`, is not signed. Base64 has it up to here.
    unsigned = len("c2FtcGxlOg==".rstrip("="))
    value = dict(request.headers)[header]
    others = (
        request._replace(headers=((header, value[:unsigned] + each.decode("latin-1")),))
        for each in flipped(value[unsigned:].encode())
    )
    assert not [each for each in others if is_verified(each, "espocrm")]


@pytest.mark.parametrize("name", ["odoo", "zoho", "ringcentral", "pipedrive", "bitrix24"])
def test_token_with_any_bit_changed_is_refused(name: str) -> None:
    user = "user:"
    for other in flipped(SECRET.encode()):
        text = other.decode("utf-8", "replace")
        request = sign(webhook(b"{}"), name, user + text)
        assert isinstance(verify(request, recipe(name), user + SECRET), auth.Refused)


def is_verified(request: Webhook, name: str) -> bool:
    """Whether a request is verified with the usual secret."""
    return isinstance(verify(request, recipe(name)), auth.Verified)
