"""Whatever comes is refused by a name of its own, and nothing is raised."""

from hypothesis import given
from hypothesis import strategies as st

from streams.sources import auth
from streams.sources.auth.schemes.scheme import Scheme
from streams.sources.delivery import Webhook
from tests.sources.auth.shipped import NAMES, NOW, SECRET, kind, recipe, sign, verify, webhook
from tests.sources.auth.test_sdks import PRIVATE_TEXT, PUBLIC_TEXT, WHSEC

# Of all shipped recipes, so that what is drawn gets beyond "missing".
HEADERS = (
    "authorization",
    "signature",
    "x-signature",
    "stripe-signature",
    "calendly-webhook-signature",
    "x-hub-signature",
    "x-hubspot-signature-v3",
    "x-hubspot-request-timestamp",
    "x-twilio-signature",
    "x-mandrill-signature",
    "x-twilio-email-event-webhook-signature",
    "x-twilio-email-event-webhook-timestamp",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "close-sig-hash",
    "close-sig-timestamp",
    "x-zendesk-webhook-signature",
    "x-zendesk-webhook-signature-timestamp",
)
# As an HTTP server gives them: bytes that are no UTF-8 are surrogates.
TEXT = st.binary(max_size=40).map(lambda data: data.decode("utf-8", "surrogateescape"))
VALUES = st.one_of(
    TEXT,
    st.sampled_from(["t=1795000000,v1=ab", "v1,AAAA v1a,AAAA", "Bearer e30.e30.AA", "Basic YTpi"]),
    st.from_regex(r"[A-Za-z0-9_-]{2,8}\.[A-Za-z0-9_-]{2,8}\.[A-Za-z0-9_-]{2,8}", fullmatch=True),
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.from_regex(rb'\{"(token|signature|auth)":[\[\]{}":,a-z0-9]{0,20}\}', fullmatch=True),
    st.from_regex(rb"(token|auth\[application_token\])=[%&=a-f0-9]{0,20}", fullmatch=True),
)

FORM = b"CallSid=CA1&To=%2B18005551212"
SAMPLES = {"twilio": FORM, "mandrill": FORM, "bitrix24": FORM, "mailgun": b'{"event-data":{}}'}
SECRETS = {"sendgrid": PRIVATE_TEXT, "standardwebhooks": WHSEC, "pipedrive": f"user:{SECRET}"}
PUBLIC = {"sendgrid": PUBLIC_TEXT}
PIECES = st.one_of(TEXT, st.text('{}[]",:=&%+. ae1', max_size=8))


def spliced(data: st.DataObject, text: str) -> str:
    """Replace a part of a text, or nothing."""
    if not data.draw(st.booleans()):
        return text
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    return text[:start] + data.draw(PIECES) + text[end:]


@given(
    name=st.sampled_from(NAMES),
    target=TEXT.map(lambda text: "/webhooks/acme?token=" + text),
    headers=st.lists(st.tuples(st.sampled_from(HEADERS), VALUES), max_size=8),
    body=BODIES,
    secret=TEXT,
)
def test_random_request_is_refused_by_a_known_kind(
    name: str, target: str, headers: list[tuple[str, str]], body: bytes, secret: str
) -> None:
    request = Webhook(name, "", "POST", target, tuple(headers), body, NOW)
    outcome = verify(request, recipe(name), secret + "0123456789abcdef01234567")
    assert isinstance(outcome, auth.Refused)
    assert outcome.kind != "error"


@given(name=st.sampled_from(NAMES), data=st.data())
def test_signed_request_in_which_anything_is_replaced_meets_no_error(
    name: str, data: st.DataObject
) -> None:
    request = sign(webhook(SAMPLES.get(name, b'{"id":"1"}')), name, SECRETS.get(name, SECRET))
    headers = tuple((key, spliced(data, value)) for key, value in request.headers)
    body = spliced(data, request.body.decode()).encode("utf-8", "surrogateescape")
    changed = request._replace(headers=headers, body=body, target=spliced(data, request.target))
    outcome = verify(changed, recipe(name), PUBLIC.get(name, SECRETS.get(name, SECRET)))
    assert kind(outcome) != "error"


def test_error_that_is_not_foreseen_is_a_refusal() -> None:
    class Broken(Scheme):
        def verify(self, *_: object) -> auth.Verified:
            raise ZeroDivisionError("of a library")

        def sign(self, webhook: Webhook, *_: object) -> Webhook:
            return webhook

    request = Webhook("acme", "", "POST", "/", (), b"", NOW)
    outcome = verify(request, auth.Recipe((Broken(),), (), 1))
    assert outcome == auth.Refused("error", "ZeroDivisionError while verifying")
