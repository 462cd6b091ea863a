"""Random requests of a source: a sample that is changed at random, and then signed or not."""

import base64
from dataclasses import dataclass, replace
from importlib import resources
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from streams.config.settings import Settings
from streams.gateway.webhooks.endpoints import Endpoint, endpoints, variable_of
from streams.sources.auth import CannotSign, Recipe, Refusal, sign
from streams.sources.delivery import Webhook
from streams.sources.loading import sources

PUBLIC = "https://crm.example.com"
# Any scheme accepts it: it is text, hexadecimal and Base64.
SECRET = "0123456789abcdef" * 2
SAMPLES = (
    b'{"id":7,"event":"deal.updated","amount":"12.50","token":"x","data":{"id":1,"list":[1,2]}}',
    b'[{"objectId":7,"eventId":1,"propertyName":"amount","propertyValue":"12.50"}]',
    b"leads[status][0][id]=71&leads[status][0][price]=1000&account[subdomain]=acme",
    b"<?xml version='1.0'?><a><Notification><Id>1</Id></Notification></a>",
)
PROBE = Webhook("acme", "", "POST", "/webhooks/acme", (), SAMPLES[0], 0)
# What readers of bodies have stumbled over elsewhere.
BAITS = (
    *(b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"%", b"%zz", b"%00", b"=", b"&" * 50),
    *(b"9" * 400, b"-1e999", b"1E+400", b"NaN", b"Infinity", b"-0", b"null", b"true", b'""', b"{}"),
    *(b"[" * 2_000, b'{"a":' * 2_000, b"[[]]" * 200, b"a[" * 300, b"a[b]" * 300, b"[999999999]"),
    *(b"a[0][999999999][b]=1&", b"__proto__", b'{"id":1,"id":2}', b"\r\n\r\n", b"\xef\xbb\xbf"),
    *(b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;" * 20, b"<a>" * 500, b"'" * 20, b'"' * 3, b"\\"),
    *(b"2026-02-30T25:61:61Z", b"0000-00-00 00:00:00", b"/Date(99999999999999999)/", b"x" * 20_000),
)
LABELS = ("",) * 30 + ("/eu", "/%00", "/..", "/" + "x" * 70, "/a/b", "//")
METHODS = ("POST",) * 30 + ("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
QUERIES = ("", "", "", "?", "?token=", "?a=%ff&a=%00", "?hub.challenge=" + "x" * 2_000, "?=&&=")


@dataclass(frozen=True, slots=True)
class Target:
    """One source of the gateway under test, and what its sender signs with."""

    name: str
    endpoint: Endpoint
    signing: str


def fuzzed_settings(settings: Settings) -> tuple[Settings, list[Target]]:
    """Return settings with every source set up, and the sources."""
    private = ec.generate_private_key(ec.SECP256R1())
    theirs = base64.b64encode(
        private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    ).decode()
    ours = base64.b64encode(
        private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()
    pair = f"{SECRET}:{SECRET}"
    secrets, signing = {}, {}
    for name, source in sources(None).items():
        if not source.recipe.schemes:
            continue
        for secret, key in ((pair, pair), (SECRET, SECRET), (ours, theirs)):
            if source.recipe.unusable((secret,)) is None and can_sign(source.recipe, key):
                secrets[variable_of(name)], signing[name] = (secret,), key
                break
    used = replace(settings, secrets=secrets, public_url=PUBLIC, webhook_rate=1_000_000)
    return used, [Target(name, each, signing[name]) for name, each in endpoints(used).items()]


def can_sign(recipe: Recipe, secret: str) -> bool:
    """Return whether a secret is of the kind that a recipe's first scheme signs with."""
    try:
        sign(PROBE, recipe, secret, PUBLIC, 0)
    except CannotSign:
        return True
    except Refusal:
        return False
    return True


class Requests:
    """The requests of one source, the same ones for the same seed."""

    def __init__(self, target: Target, seed: int) -> None:
        self._target = target
        self._random = Random(f"{target.name} {seed}")
        self._samples = [*SAMPLES, *_shipped(target.name) * len(SAMPLES)]

    def request(self, now: int) -> Webhook:
        """Return the next request."""
        random = self._random
        path = f"/webhooks/{self._target.name}{random.choice(LABELS)}{random.choice(QUERIES)}"
        found = Webhook(
            source=self._target.name,
            label="",
            method=random.choice(METHODS),
            target=path,
            headers=self._headers(),
            body=self._body(),
            received=now,
        )
        if random.random() < 0.6:
            try:
                found = sign(found, self._target.endpoint.recipe, self._target.signing, PUBLIC, now)
            except (CannotSign, Refusal, ValueError, RecursionError):
                # What can be signed decides its sender; the rest goes without.
                return found
            if random.random() < 0.2:
                found = self._forged(found)
        return found

    def _body(self) -> bytes:
        body = bytearray(self._random.choice(self._samples))
        for _ in range(self._random.choice((0, 1, 1, 2, 5, 20))):
            self._change(body)
        return bytes(body[:60_000])

    def _change(self, body: bytearray) -> None:
        random = self._random
        begin = random.randrange(len(body) + 1)
        end = min(len(body), begin + random.choice((0, 1, 4, 20)))
        match random.randrange(5):
            case 0:
                body[begin:end] = random.choice(BAITS)
            case 1:
                body[begin:end] = random.randbytes(end - begin)
            case 2:
                body[begin:begin] = body[begin:end] * random.choice((1, 2, 50))
            case 3:
                del body[begin:end]
            case _:
                del body[begin:]

    def _headers(self) -> tuple[tuple[str, str], ...]:
        random = self._random
        types = ("application/json", "application/x-www-form-urlencoded", "text/xml", "", "x/y;;=")
        found = [("content-type", random.choice(types))]
        if random.random() < 0.05:
            found.append(("content-encoding", random.choice(("gzip", "br", "deflate", "x"))))
        if random.random() < 0.1:
            found.append(("authorization", random.choice(("Bearer", "Basic =", "Basic %%%", "é"))))
        return tuple(found)

    def _forged(self, found: Webhook) -> Webhook:
        """Return a signed request with one of its headers changed, doubled or left out."""
        random = self._random
        headers = list(found.headers)
        number = random.randrange(len(headers))
        name, value = headers[number]
        match random.randrange(3):
            case 0:
                headers[number] = (name, value[: len(value) // 2] + random.choice("=,x é") + value)
            case 1:
                headers.append((name, value))
            case _:
                del headers[number]
        return found._replace(headers=tuple(headers))


def _shipped(name: str) -> list[bytes]:
    folder = resources.files("streams.sources") / "files" / "samples"
    if not folder.is_dir():
        return []
    return [each.read_bytes() for each in folder.iterdir() if each.name.startswith(f"{name}.")]
