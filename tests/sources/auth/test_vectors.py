"""Signatures that vendors have published, or on which three tools agree."""

from typing import NamedTuple

import pytest

from streams.sources.delivery import Webhook
from tests.sources.auth.shipped import NOW, PUBLIC_URL, SECRET, kind, recipe, verify, webhook

BODY_BASE64 = "HJn5F7tq5Yjma7OfJarGWuoByLWKiVmE56/nshnn+xA="
BODY_HEX = "1c99f917bb6ae588e66bb39f25aac65aea01c8b58a895984e7afe7b219e7fb10"
BODY_SHA1 = "5c818430d961565d1ec115601813df12c62a184b"
ESPO = (
    "dzE6MWM5OWY5MTdiYjZhZTU4OGU2NmJiMzlmMjVhYWM2NWFlYTAxYzhiNThhODk1OTg0ZTdhZmU3YjIxOWU3ZmIxMA=="
)
ESPO_OLD = "dzE6HJn5F7tq5Yjma7OfJarGWuoByLWKiVmE56/nshnn+xA="
TWENTY = "da569d77ef482fd6e70ee6fc3992081040a3c84b985f5d1df3b18f405d166eee"
CLOSE = "dbf0c12d754084ec691220dcbd4304c962d1aa73640947c58a1134b9158bee6a"
ZENDESK = "wKuN7HJXpSJanMFqn93D+PkzhN9jbufLa5jag/MY+r0="
CALENDLY = "68901216b02c4b96f2b7985b727a743a3224910c5fcad48e713b602e0a55d5f8"


SWAPPED = bytes.maketrans(b"e5", b"f6")


class Vector(NamedTuple):
    """A signed request, and with what and when it verifies."""

    source: str
    request: Webhook
    secret: str = SECRET
    now: int = NOW
    public_url: str = PUBLIC_URL


HUBSPOT_SECRET = "-".join(["y" * 8, "y" * 4, "y" * 4, "y" * 4, "y" * 12])
HUBSPOT_BODY = b"{'example_field':'example_value'}"
TWILIO_URL = "https://mycompany.com"
TWILIO_TARGET = "/myapp.php?foo=1&bar=2"
TWILIO_FORM = (
    b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234"
    b"&From=%2B14158675309&To=%2B18005551212"
)
TWILIO_REPEATED = b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234"
SENDGRID_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw"
    "+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)
SENDGRID_SIGNATURE = (
    "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtE"
    "ZtM="
)
SENDGRID_BODY = (
    b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
    b'"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
    b'"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
    b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
)


def hubspot(time: str, signature: str) -> Vector:
    request = webhook(
        HUBSPOT_BODY,
        target="/webhook_uri",
        x_hubspot_signature_v3=signature,
        x_hubspot_request_timestamp=time,
    )
    return Vector("hubspot", request, HUBSPOT_SECRET, int(time), "https://www.example.com")


def twilio(form: bytes, signature: str) -> Vector:
    request = webhook(form, target=TWILIO_TARGET, x_twilio_signature=signature)
    return Vector("twilio", request, "12345", NOW, TWILIO_URL)


VECTORS = {
    "HubSpot, of its SDK": hubspot("1693657560000", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="),
    "HubSpot, later": hubspot("1700000300000", "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw="),
    "Twilio": twilio(TWILIO_FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    "Twilio, a name twice": twilio(TWILIO_REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
    "SendGrid": Vector(
        "sendgrid",
        webhook(
            SENDGRID_BODY,
            x_twilio_email_event_webhook_signature=SENDGRID_SIGNATURE,
            x_twilio_email_event_webhook_timestamp="1600112502",
        ),
        SENDGRID_KEY,
        1_600_112_502_000,
    ),
    "Standard Webhooks": Vector(
        "standardwebhooks",
        webhook(
            b'{"test": 2432232314}',
            webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            webhook_timestamp="1614265330",
            webhook_signature="v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        1_614_265_330_000,
    ),
    "EspoCRM": Vector("espocrm", webhook(signature=ESPO)),
    "EspoCRM, older": Vector("espocrm", webhook(x_signature=ESPO_OLD)),
    "Frappe": Vector("erpnext", webhook(x_frappe_webhook_signature=BODY_BASE64)),
    "Twenty": Vector(
        "twenty",
        webhook(x_twenty_webhook_signature=TWENTY, x_twenty_webhook_timestamp="1795000000000"),
    ),
    "Close": Vector("close", webhook(close_sig_hash=CLOSE, close_sig_timestamp="1795000000")),
    "Attio": Vector("attio", webhook(attio_signature=BODY_HEX)),
    "Zendesk": Vector(
        "zendesk",
        webhook(
            x_zendesk_webhook_signature=ZENDESK,
            x_zendesk_webhook_signature_timestamp="2026-11-18T11:06:40Z",
        ),
    ),
    "Xero": Vector("xero", webhook(x_xero_signature=BODY_BASE64)),
    "QuickBooks": Vector("quickbooks", webhook(intuit_signature=BODY_BASE64)),
    "QuickBooks, published": Vector(
        "quickbooks",
        webhook(b'{"stuff":"5"}', intuit_signature="nfPLN16u3vMvv08ghDs+dOkLuirEVDy5wAeG/lmM2OA="),
        "verify_me",
    ),
    "Shopify": Vector("shopify", webhook(x_shopify_hmac_sha256=BODY_BASE64)),
    "WooCommerce": Vector("woocommerce", webhook(x_wc_webhook_signature=BODY_BASE64)),
    "Calendly": Vector(
        "calendly", webhook(calendly_webhook_signature=f"t=1795000000,v1={CALENDLY}")
    ),
    "Intercom": Vector("intercom", webhook(x_hub_signature=f"sha1={BODY_SHA1}")),
    "Meta": Vector("meta", webhook(x_hub_signature_256=f"sha256={BODY_HEX}")),
    "Kommo chats": Vector("amocrm", webhook(x_signature=BODY_SHA1)),
}


@pytest.mark.parametrize("name", VECTORS)
def test_published_signature_is_verified(name: str) -> None:
    vector = VECTORS[name]
    outcome = verify(
        vector.request,
        recipe(vector.source),
        vector.secret,
        now=vector.now,
        public_url=vector.public_url,
    )
    assert kind(outcome) == "verified"


@pytest.mark.parametrize("name", VECTORS)
def test_published_signature_is_not_that_of_another_body(name: str) -> None:
    vector = VECTORS[name]
    changed = vector.request._replace(body=vector.request.body.translate(SWAPPED))
    outcome = verify(
        changed,
        recipe(vector.source),
        vector.secret,
        now=vector.now,
        public_url=vector.public_url,
    )
    assert kind(outcome) == "mismatch"


def test_id_of_a_webhook_of_espocrm_goes_with_the_delivery() -> None:
    for request in (webhook(signature=ESPO), webhook(x_signature=ESPO_OLD)):
        outcome = verify(request, recipe("espocrm"))
        assert getattr(outcome, "kept", None) == {"x-espo-webhook-id": "w1"}
