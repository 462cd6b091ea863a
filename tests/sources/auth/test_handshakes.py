"""Set-up requests of senders, and what they are answered."""

import pytest

from streams.sources import auth
from streams.sources.delivery import Webhook
from tests.sources.auth.shipped import NAMES, NOW, PUBLIC_URL, SECRET, file, webhook

MONDAY = b'{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}'


def shake(name: str, request: Webhook, *secrets: str) -> auth.Answer | auth.Refused | None:
    """Ask a source's set-up for an answer."""
    found = auth.read_handshakes(file(name).tables("handshake"))
    return auth.handshake(request, found, secrets or (SECRET,), PUBLIC_URL, NOW)


def meta(token: str, challenge: str = "1158201444") -> Webhook:
    query = f"hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={token}"
    return webhook(b"", method="GET", target=f"/webhooks/meta?{query}")


def test_challenge_of_monday_comes_back_as_json() -> None:
    answer = shake("monday", webhook(MONDAY))
    assert answer == auth.Answer(200, {}, "application/json", MONDAY)


@pytest.mark.parametrize(
    "body", [b'{"challenge":"a","event":{}}', b'{"event":{}}', b"", b"{", b'{"challenge":{}}']
)
def test_other_requests_of_monday_are_no_challenge(body: bytes) -> None:
    assert shake("monday", webhook(body)) is None


def test_challenge_of_more_than_a_kilobyte_is_not_echoed() -> None:
    assert shake("monday", webhook(b'{"challenge":"%s"}' % (b"a" * 1_001))) is None
    assert shake("monday", webhook(b'{"challenge":"a"' + b" " * 10_000 + b"}")) is None


def test_challenge_of_meta_comes_back_as_text_for_our_token() -> None:
    assert shake("meta", meta(SECRET)) == auth.Answer(200, {}, "text/plain", b"1158201444")


def test_any_of_several_secrets_is_the_token_of_meta() -> None:
    assert isinstance(shake("meta", meta("b" * 24), SECRET, "b" * 24), auth.Answer)


def test_challenge_of_meta_with_another_token_is_refused() -> None:
    answer = shake("meta", meta("another"))
    assert isinstance(answer, auth.Refused)
    assert answer.kind == "mismatch"


def test_markup_in_a_challenge_comes_back_as_text() -> None:
    answer = shake("meta", meta(SECRET, "%3Cscript%3E"))
    assert answer == auth.Answer(200, {}, "text/plain", b"<script>")


def test_validation_token_of_ringcentral_comes_back_as_a_header() -> None:
    answer = shake("ringcentral", webhook(b"", validation_token="abc-1"))  # noqa: S106  # opens nothing
    assert answer == auth.Answer(200, {"Validation-Token": "abc-1"}, "", b"")


@pytest.mark.parametrize("token", ["a b", "é", "a\r\nSet-Cookie: b"])
def test_validation_token_that_could_end_a_header_is_not_echoed(token: str) -> None:
    assert shake("ringcentral", webhook(b"", validation_token=token)) is None


def test_address_is_tried_by_mandrill_with_head() -> None:
    assert shake("mandrill", webhook(b"", method="HEAD")) == auth.Answer(200, {}, "", b"")


def test_form_by_which_woocommerce_tries_an_address_is_answered() -> None:
    assert shake("woocommerce", webhook(b"webhook_id=15")) == auth.Answer(200, {}, "", b"")


@pytest.mark.parametrize(
    "request_",
    [webhook(b"webhook_id=15&a=1"), webhook(b"webhook_id=15", x_wc_webhook_signature="a")],
)
def test_other_requests_of_woocommerce_are_to_be_verified(request_: Webhook) -> None:
    assert shake("woocommerce", request_) is None


def test_sender_of_cloudevents_may_send() -> None:
    request = webhook(b"", method="OPTIONS", webhook_request_origin="events.example.com")
    headers = {"WebHook-Allowed-Rate": "*", "WebHook-Allowed-Origin": "events.example.com"}
    assert shake("cloudevents", request) == auth.Answer(200, headers, "", b"")


def test_integration_of_amocrm_that_is_switched_off_is_verified() -> None:
    # Three tools agree on this signature.
    signature = "07eaf4c1c9dbfc1e940b221e3fe05e1555cfcaff835ad01e8fab50c93ab56239"
    query = "client_uuid=11111111-2222-3333-4444-555555555555&account_id=31"
    target = f"/webhooks/amocrm?{query}&signature={signature}"
    request = webhook(b"", method="GET", target=target)
    assert shake("amocrm", request) == auth.Answer(200, {}, "", b"")
    forged = request._replace(target=target.replace("=31", "=32"))
    assert isinstance(shake("amocrm", forged), auth.Refused)


@pytest.mark.parametrize("name", NAMES)
def test_ordinary_request_is_no_handshake(name: str) -> None:
    assert shake(name, webhook()) is None
    assert shake(name, webhook(b"leads%5Badd%5D%5B0%5D%5Bid%5D=1")) is None


def test_source_without_a_secret_answers_no_handshake_that_needs_one() -> None:
    found = auth.read_handshakes(file("meta").tables("handshake"))
    assert not isinstance(auth.handshake(meta(""), found, (), PUBLIC_URL, NOW), auth.Answer)


def test_error_that_is_not_foreseen_is_a_refusal() -> None:
    found = auth.read_handshakes(file("meta").tables("handshake"))
    answer = auth.handshake(meta("\ud800"), found, (SECRET,), PUBLIC_URL, NOW)
    assert answer == auth.Refused("error", "UnicodeEncodeError while answering")
