"""Mistakes in recipes: each is found when the file is read, with its line and what would do."""

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from streams.config.declaration import BadSetting
from streams.config.rules.table import read_table
from streams.sources import auth
from tests.sources.auth.shipped import NAMES, SECRET, kind, recipe, recipe_of, verify, webhook
from tests.sources.auth.test_sdks import PUBLIC_TEXT, WHSEC


def mistake(text: str, read: Callable[[str], object] = recipe_of) -> str:
    """Give the message about a file."""
    with pytest.raises(BadSetting) as raised:
        read(text)
    return str(raised.value)


def handshake_of(text: str) -> object:
    return auth.read_handshakes(
        read_table(f"[[handshake]]\n{text}", "own.toml").tables("handshake")
    )


def delivery_of(text: str) -> auth.DeliveryRules:
    return auth.delivery_rules(read_table(f"[delivery]\n{text}", "own.toml").table("delivery"))


@pytest.mark.parametrize(
    ("text", "line", "what", "remedy"),
    [
        ("", 1, "auth.scheme is missing", "write it down"),
        ('scheme = "hmacs"', 2, 'is "hmacs"', "did you mean hmac?"),
        ('scheme = "hmac"', 1, "auth.header is missing", "one of header, query, field, element"),
        ('scheme = "token"\nheader = "a"\nquery = "b"', 4, "one place too many", "give one of"),
        ('scheme = "token"\nquery = "a"\nhash = "md5"', 4, "is no rule", "known here"),
        ('scheme = "hmac"\nheader = "a"\nhash = "md5"', 4, 'is "md5"', "sha256, sha1"),
        ('scheme = "hmac"\nheader = "a"\nsigned = "{bod}"', 4, "has {bod}", "body, time, header"),
        ('scheme = "hmac"\nheader = "a"\nsigned = "{time}"', 4, "there is no time", "x-time"),
        (
            'scheme = "hmac"\nheader = "a"\ntime = { header = "b" }',
            1,
            "does not sign {time}",
            "write both",
        ),
        (
            'scheme = "hmac"\nheader = "a"\nsigned = "{time}"\ntime = { part = "t" }',
            5,
            "has no effect",
            "not in a part",
        ),
        (
            'scheme = "hmac"\nheader = "a"\nsigned = "{time}"\ntime = { header = "b", unit = "h" }',
            5,
            'auth.time.unit is "h"',
            "s, ms, iso",
        ),
        ('scheme = "hmac"\nheader = "a"\nunescaped = ":"', 4, "has no effect", "no {url}"),
        ('scheme = "hmac"\nheader = "a"\nkeep = "b"', 4, "has no effect", "wrapped"),
        ('scheme = "hmac"\nheader = "a"\npart = "b"\nwrapped = "hex"', 5, "no part", "leave one"),
        ('scheme = "ecdsa"\nheader = "a"', 1, "auth.time.header is missing", "give one of"),
        ('scheme = "bearer"\n[[auth.or]]\nscheme = "x"', 4, "auth.or[0].scheme", "one of hmac"),
        ('scheme = "bearer"\n[[auth.only]]\nfield = "a"', 3, "values is missing", "write it down"),
        ('scheme = "bearer"\nshortest = 0', 3, "auth.shortest is 0", "from 1 to"),
    ],
)
def test_mistake_in_a_recipe_is_named_with_its_line(
    text: str, line: int, what: str, remedy: str
) -> None:
    message = mistake(text)
    assert message.startswith(f"own.toml line {line}: ")
    assert what in message
    assert remedy in message


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('method = "PATCH"', "GET, HEAD, POST, OPTIONS"),
        ('method = "POST"\nanswer = "json"', "has nothing to echo"),
        ('method = "GET"\nquery = "a"\nanswer = "html"', "empty, text, json"),
        ('method = "GET"\nquery = "a"\nsays = 1', "is no rule"),
    ],
)
def test_mistake_in_a_handshake_is_named(text: str, what: str) -> None:
    assert what in mistake(text, handshake_of)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("deadline_ms = 0", "from 100 to 60000"),
        ("ok = 302", "from 200 to 299"),
        ("later = 200", "from 400 to 599"),
        ('retries = "often"', "never, few, many"),
        ('methods = ["GETS"]', "did you mean GET?"),
        ('answer = "yes"', "answer_type is missing"),
        ("keeps = []", "is no rule"),
    ],
)
def test_mistake_in_the_answers_is_named(text: str, what: str) -> None:
    assert what in mistake(text, delivery_of)


def test_delivery_without_a_table_has_the_usual_answers() -> None:
    rules = delivery_of("")
    assert (rules.deadline_ms, rules.ok, rules.later, rules.refused) == (4_000, 200, 503, 401)
    assert (rules.methods, rules.keep, rules.strip, rules.retries) == (("POST",), (), (), "many")


def test_own_recipe_signs_parts_of_the_address_and_headers() -> None:
    found = recipe_of(
        'scheme = "hmac"\nquery = "sign"\nsigned = "{method} {query.id}/{header.X-Id}:{body}"'
    )
    plain = webhook(b"{}", target="/webhooks/acme?id=1", x_id="2")
    request = auth.sign(plain, found, SECRET, "", 0)
    assert kind(verify(request, found)) == "verified"
    changed = request._replace(target=request.target.replace("id=1", "id=2"))
    assert kind(verify(changed, found)) == "mismatch"


@pytest.mark.parametrize(
    ("name", "secret"),
    [("sendgrid", PUBLIC_TEXT), ("standardwebhooks", WHSEC), ("pipedrive", "user:" + SECRET)],
)
def test_secret_of_the_right_kind_is_usable(name: str, secret: str) -> None:
    assert recipe(name).unusable((secret,)) is None


@pytest.mark.parametrize("name", set(NAMES) - {"sendgrid", "standardwebhooks"})
def test_secret_of_thirty_two_hex_digits_is_usable(name: str) -> None:
    assert recipe(name).unusable((SECRET,)) is None


@pytest.mark.parametrize("name", NAMES)
def test_short_secret_is_not_usable(name: str) -> None:
    wrong = recipe(name).unusable((SECRET, "short"))
    assert wrong is not None
    assert wrong.startswith(("secret 2 of 2: has 5 characters", "secret 1 of 2: "))
    assert "short" not in wrong.replace("shortest", "")


@pytest.mark.parametrize(
    ("name", "what"),
    [("sendgrid", "no public key"), ("close", "not hex"), ("standardwebhooks", "not whsec")],
)
def test_secret_that_is_no_key_of_the_source_is_not_usable(name: str, what: str) -> None:
    wrong = recipe(name).unusable(("not a key, though long enough",))
    assert wrong is not None
    assert what in wrong


@pytest.mark.parametrize("secret", ["whsec_", "whpk_AAAA"])
def test_key_of_too_few_bytes_is_not_usable(secret: str) -> None:
    found = recipe_of('scheme = "standard"\nshortest = 1')
    assert found.unusable((secret,))


def test_public_key_of_another_kind_is_not_usable() -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"s" * 32).public_key()
    data = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    wrong = recipe("sendgrid").unusable((base64.b64encode(data).decode(),))
    assert wrong is not None
    assert "elliptic-curve" in wrong
