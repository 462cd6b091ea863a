"""Who an event is about: names of subjects, and keyed hashes in place of personal data."""

import hmac
from collections.abc import Mapping
from hashlib import sha256

# Kinds of link that are not a record of the source.
PHONE, EMAIL, REP = "phone", "email", "rep"
HASH_DIGITS = 32
# Fewer digits are an extension or a short code, which many people have.
FEWEST_DIGITS = 7
MOST_DIGITS = 15


def origin(source: str, label: str) -> str:
    """Name where an event comes from: the source, and its account where there are several."""
    return f"{source}/{label}" if label else source


def subject(where: str, kind: str, name: str) -> str:
    """Name a record of a source: its numeric ids never meet another source's."""
    return f"{where}:{kind}:{name}"


def person(kind: str, normal: str, key: bytes) -> str:
    """Name a person by the keyed hash of a normalised number or address."""
    digest = hmac.digest(key, normal.encode("utf-8", "surrogatepass"), sha256)
    return f"{kind}:{digest.hex()[:HASH_DIGITS]}"


def phone(written: str, defaults: Mapping[str, str]) -> str | None:
    """Normalise a telephone number to its international digits; None if it is none.

    A number without + or 00 is national where `country_code` is set, and loses `trunk` ("0").
    """
    text = written.strip()
    for prefix in ("tel:", "sip:"):
        text = text.removeprefix(prefix)
    digits = "".join(each for each in text.partition("@")[0] if "0" <= each <= "9")
    code = defaults.get("country_code", "").lstrip("+")
    if not text.startswith("+"):
        if digits.startswith("00"):
            digits = digits[2:]
        elif code:
            digits = _international(digits, code, defaults.get("trunk", "0"))
    return digits if FEWEST_DIGITS <= len(digits) <= MOST_DIGITS else None


def email(written: str) -> str | None:
    """Normalise an e-mail address; None if it is none."""
    text = written.strip().lower()
    if text.endswith(">"):
        text = text[:-1].rpartition("<")[2].strip()
    name, at, host = text.rpartition("@")
    return text if name and at and host and " " not in text else None


def _international(digits: str, code: str, trunk: str) -> str:
    if trunk and digits.startswith(trunk):
        return code + digits.removeprefix(trunk)
    # A whole number is longer than a national one can be.
    return digits if digits.startswith(code) and len(digits) > 10 else code + digits
