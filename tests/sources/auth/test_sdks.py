"""The vendors' own libraries sign what is verified here, and verify what is signed here."""

import base64
import time
from datetime import UTC, datetime

import jwt
import pytest
import standardwebhooks
import stripe
import svix
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hubspot.utils.signature import Signature
from quickbooks.client import QuickBooks
from sendgrid.helpers.eventwebhook import EventWebhook
from twilio.request_validator import RequestValidator

from streams.sources import auth
from streams.sources.delivery import Webhook
from tests.sources.auth.shipped import (
    BODY,
    NOW,
    PUBLIC_URL,
    SECRET,
    kind,
    recipe,
    sign,
    verify,
    webhook,
)

WHSEC = "whsec_" + base64.b64encode(b"k" * 32).decode()
AT = datetime.fromtimestamp(NOW / 1_000, UTC)
SECONDS = str(NOW // 1_000)
FORM = b"CallSid=CA1&To=%2B18005551212&Digits=2&Digits=1&Digits=2&Empty="
TARGET = "/webhooks/twilio?label=a%20b"
PRIVATE = generate_private_key(SECP256R1())
PRIVATE_TEXT = base64.b64encode(
    PRIVATE.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
).decode()
PUBLIC_TEXT = base64.b64encode(
    PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()


class Form(dict[str, list[str]]):
    """A form as Twilio's library reads one whose names have several values."""

    def getall(self, name: str) -> list[str]:
        """Give all values of a name."""
        return self[name]


PAIRS = Form(CallSid=["CA1"], To=["+18005551212"], Digits=["2", "1", "2"], Empty=[""])


def clock() -> int:
    """Give the time that the libraries compare with."""
    return int(time.time() * 1_000)


def header(request: Webhook, name: str) -> str:
    """Give the one header of this name."""
    [value] = [value for key, value in request.headers if key == name]
    return value


def test_stripe_signs_and_is_verified() -> None:
    signed = stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET, NOW // 1_000)
    assert kind(verify(webhook(stripe_signature=signed), recipe("stripe"))) == "verified"


def test_stripe_verifies_what_is_signed_here() -> None:
    request = sign(webhook(), "stripe", now=clock())
    signature = header(request, "stripe-signature")
    assert stripe.WebhookSignature.verify_header(BODY, signature, SECRET, tolerance=300)


def test_standardwebhooks_signs_and_is_verified() -> None:
    signed = standardwebhooks.Webhook(WHSEC).sign("msg_1", AT, BODY.decode())
    request = webhook(webhook_id="msg_1", webhook_timestamp=SECONDS, webhook_signature=signed)
    assert kind(verify(request, recipe("standardwebhooks"), WHSEC)) == "verified"


def test_standardwebhooks_verifies_what_is_signed_here() -> None:
    request = sign(webhook(), "standardwebhooks", WHSEC, clock())
    assert standardwebhooks.Webhook(WHSEC).verify(BODY, dict(request.headers))


def test_svix_signs_and_is_verified() -> None:
    signed = svix.Webhook(WHSEC).sign("msg_1", AT, BODY.decode())
    request = webhook(svix_id="msg_1", svix_timestamp=SECONDS, svix_signature=signed)
    assert kind(verify(request, recipe("standardwebhooks"), WHSEC)) == "verified"


def test_svix_verifies_what_is_signed_here() -> None:
    request = sign(webhook(), "standardwebhooks", WHSEC, clock())
    svix.Webhook(WHSEC).verify(BODY, dict(request.headers))
    with pytest.raises(svix.WebhookVerificationError):
        svix.Webhook(WHSEC).verify(BODY + b" ", dict(request.headers))


def test_ed25519_signature_is_verified_with_the_public_key() -> None:
    private = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    public = "whpk_" + base64.b64encode(private.public_key().public_bytes_raw()).decode()
    signature = base64.b64encode(private.sign(f"msg_1.{SECONDS}.".encode() + BODY)).decode()
    request = webhook(
        webhook_id="msg_1",
        webhook_timestamp=SECONDS,
        webhook_signature=f"v1,AAAA v1a,! v1a,{signature}",
    )
    assert kind(verify(request, recipe("standardwebhooks"), public)) == "verified"


def test_ed25519_signature_is_made_here_with_the_private_key() -> None:
    private = "whsk_" + base64.b64encode(b"s" * 32).decode()
    public = Ed25519PrivateKey.from_private_bytes(b"s" * 32).public_key()
    request = sign(webhook(), "standardwebhooks", private)
    version, _, signature = header(request, "webhook-signature").partition(",")
    assert version == "v1a"
    public.verify(base64.b64decode(signature), f"msg_sample.{SECONDS}.".encode() + BODY)


def test_hubspot_signs_and_is_verified() -> None:
    url = f"{PUBLIC_URL}/webhooks/hubspot?label=a:b"
    signed = Signature.get_signature(SECRET, BODY.decode(), "v3", url, "POST", str(NOW))
    request = webhook(
        target="/webhooks/hubspot?label=a%3Ab",
        x_hubspot_signature_v3=signed,
        x_hubspot_request_timestamp=str(NOW),
    )
    assert kind(verify(request, recipe("hubspot"))) == "verified"


def test_hubspot_verifies_what_is_signed_here() -> None:
    request = sign(webhook(target="/webhooks/hubspot"), "hubspot", now=clock())
    assert Signature.is_valid(
        header(request, "x-hubspot-signature-v3"),
        SECRET,
        BODY.decode(),
        f"{PUBLIC_URL}/webhooks/hubspot",
        "POST",
        "v3",
        header(request, "x-hubspot-request-timestamp"),
    )


@pytest.mark.parametrize("algorithm", ["HMAC_SHA1", "HMAC_SHA256"])
@pytest.mark.parametrize("port", ["", ":443"])
def test_twilio_signs_a_form_and_is_verified(algorithm: str, port: str) -> None:
    url = f"{PUBLIC_URL}{port}{TARGET}"
    signed = RequestValidator(SECRET).compute_signature(url, PAIRS, algorithm)
    request = webhook(FORM, target=TARGET, x_twilio_signature=signed)
    assert kind(verify(request, recipe("twilio"))) == "verified"


@pytest.mark.parametrize("port", ["", ":443"])
def test_twilio_verifies_a_form_that_is_signed_here(port: str) -> None:
    request = sign(webhook(FORM, target=TARGET), "twilio")
    signature = header(request, "x-twilio-signature")
    assert RequestValidator(SECRET).validate(f"{PUBLIC_URL}{port}{TARGET}", PAIRS, signature)


def test_twilio_signs_json_and_is_verified() -> None:
    validator = RequestValidator(SECRET)
    target = f"/webhooks/twilio?bodySHA256={validator.compute_hash(BODY.decode())}"
    signed = validator.compute_signature(PUBLIC_URL + target, {})
    request = webhook(target=target, x_twilio_signature=signed)
    assert kind(verify(request, recipe("twilio"))) == "verified"
    assert kind(verify(request._replace(body=BODY + b" "), recipe("twilio"))) == "mismatch"


def test_twilio_verifies_json_that_is_signed_here() -> None:
    request = sign(webhook(target=TARGET), "twilio")
    signature = header(request, "x-twilio-signature")
    url = PUBLIC_URL + request.target
    assert RequestValidator(SECRET).validate(url, BODY.decode(), signature)
    assert not RequestValidator(SECRET).validate(url, BODY.decode() + " ", signature)


def test_signature_of_sendgrid_is_verified_with_the_public_key() -> None:
    signature = base64.b64encode(PRIVATE.sign(SECONDS.encode() + BODY, ECDSA(SHA256()))).decode()
    request = webhook(
        x_twilio_email_event_webhook_signature=signature,
        x_twilio_email_event_webhook_timestamp=SECONDS,
    )
    assert kind(verify(request, recipe("sendgrid"), PUBLIC_TEXT)) == "verified"


def test_sendgrid_verifies_what_is_signed_here() -> None:
    request = sign(webhook(), "sendgrid", PRIVATE_TEXT)
    assert EventWebhook(PUBLIC_TEXT).verify_signature(
        BODY.decode(),
        header(request, "x-twilio-email-event-webhook-signature"),
        header(request, "x-twilio-email-event-webhook-timestamp"),
    )


def test_quickbooks_verifies_what_is_signed_here() -> None:
    signature = header(sign(webhook(), "quickbooks"), "intuit-signature")
    client = QuickBooks(minorversion=75)
    assert client.validate_webhook_signature(BODY.decode(), signature, SECRET)
    assert not client.validate_webhook_signature(BODY.decode() + " ", signature, SECRET)


@pytest.mark.parametrize("prefix", ["", "Bearer "])
@pytest.mark.parametrize("query", ["", "?label=1"])
def test_token_of_monday_is_verified(prefix: str, query: str) -> None:
    claims = {
        "aud": f"{PUBLIC_URL}/webhooks/monday",
        "exp": NOW // 1_000 + 60,
        "iat": 1_794_999_999,
    }
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    request = webhook(target=f"/webhooks/monday{query}", authorization=prefix + token)
    assert kind(verify(request, recipe("monday"))) == "verified"


def test_token_that_is_made_here_is_one_of_monday() -> None:
    request = sign(webhook(target="/webhooks/monday"), "monday", now=clock())
    claims = jwt.decode(
        header(request, "authorization"),
        SECRET,
        algorithms=["HS256"],
        audience=f"{PUBLIC_URL}/webhooks/monday",
    )
    assert claims["exp"] > clock() // 1_000


@pytest.mark.parametrize("name", ["sendgrid", "standardwebhooks"])
def test_public_key_cannot_sign(name: str) -> None:
    public = {"sendgrid": PUBLIC_TEXT, "standardwebhooks": "whpk_AAAA"}[name]
    with pytest.raises(auth.CannotSign, match="public key"):
        sign(webhook(), name, public)


def test_key_of_another_kind_cannot_sign_for_sendgrid() -> None:
    private = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    data = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(auth.CannotSign, match="elliptic"):
        sign(webhook(), "sendgrid", base64.b64encode(data).decode())


def test_body_that_has_no_fields_cannot_get_a_token() -> None:
    with pytest.raises(auth.CannotSign, match="field token"):
        sign(webhook(b"[]"), "zoho")
