"""A webhook before it is signed, and what of an event its fields are made of."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from zlib import crc32

import orjson

from streams.demo.simulation.company import REPS, EventData
from streams.engine.calendars.calendar import milliseconds

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
# Owners and users have numbers in a CRM; the mapping files of the demo give them their names.
REP_NUMBERS: Mapping[str, str] = {rep.name: str(101 + n) for n, rep in enumerate(REPS)}


class WebhookBody(NamedTuple):
    """What a source posts: `query` is what its address has beside a token."""

    source: str
    content_type: str
    body: bytes
    query: tuple[tuple[str, str], ...] = ()


def of_json(source: str, value: object) -> WebhookBody:
    """Give a webhook with a JSON body."""
    return WebhookBody(source, JSON, orjson.dumps(value))


def happened(event: EventData) -> int:
    """Give the instant of an event in milliseconds."""
    return milliseconds(datetime.fromisoformat(str(event["at"])))


def number(name: object) -> int:
    """Give the number in a name such as `lead-00042`."""
    return int(str(name).rpartition("-")[2])


def checksum(*parts: object) -> int:
    """Give a number that is the same for the same parts, as ids of redelivered changes are."""
    return crc32("|".join(map(str, parts)).encode())


def phone(lead: int) -> str:
    """Give the telephone number of a lead, of a block that belongs to nobody."""
    return f"+1555{lead:07d}"
