"""What is accepted as an event can be counted: none stops the stream for good.

Whether an extreme is refused or counted is open here; only raising is not, for an event that
makes a worker raise would make every worker after it raise again.
"""

import json

import pytest

from streams.config.settings import Settings
from streams.events import Rejected
from streams.operations.replay import replay
from tests.kpis.story import (
    NOW,
    Said,
    account,
    activity,
    deal,
    instant,
    invoice,
    lead,
    ordered,
    rate,
    ticket,
    won,
)

ZONES = ("UTC", "Asia/Tehran", "America/New_York")
LARGEST = "9" * 18
EXTREMES: dict[str, list[Said]] = {
    "the first time there is": [lead("0001-01-01T00:00:00Z")],
    "the last time there is": [won("9999-12-31T23:59:59Z")],
    "a time before the first in UTC": [lead("0001-01-01T00:00:00+14:00")],
    "two versions at the last time": [
        lead("9999-12-31T23:59:59-12:00", channel=it) | {"id": "e1"} for it in ("web", "fair")
    ],
    "a deal that is expected never to close": [
        deal("03-10 09:00", amount="5", expected_close="9999-12-31")
    ],
    "a deal that was expected to close at the first date": [
        deal("03-10 09:00", amount="5", expected_close="0001-01-01")
    ],
    "an invoice that is never due": [
        invoice("03-10 09:00", "5", due="03-10") | {"due": "9999-12-31"}
    ],
    "the largest amount": [won("03-10 09:00", amount=LARGEST)],
    "the smallest amount": [won("03-10 09:00", amount=f"-{LARGEST}.999999999")],
    "amounts that are large together": [
        won("03-10 09:00", f"deal-{n}", "90000000000000000") for n in range(3)
    ],
    "the largest rate": [
        won("03-10 09:00", amount="1000000", currency="USD"),
        rate("USD", "03-01", LARGEST),
    ],
    "a rate of nothing": [won("03-10 09:00", currency="USD"), rate("USD", "03-01", "0")],
    "the most hours": [activity("03-10 09:00", "prospecting", hours=f"{LARGEST}.999999999")],
    "fewer hours than none": [activity("03-10 09:00", "prospecting", hours="-1")],
    "responses from more than were asked": [
        activity("03-10 09:00", "prospecting", outreach=1, responses=10**9)
    ],
    "tickets, orders and invoices at the last time": [
        ticket("2199-12-31T23:59:59Z", "closing_request"),
        ordered("2199-12-31T23:59:59Z", promised="2199-12-31"),
        invoice("2199-12-31T23:59:59Z", "5", due="03-10"),
        account(potential="5", currency="EUR"),
    ],
    "a potential and invoices that are as large as can be": [
        account(potential=LARGEST, currency="EUR"),
        *(invoice("03-10 09:00", LARGEST, due="03-10", name=f"invoice-{n}") for n in range(3)),
    ],
    "names with signs of the key's own": [
        lead("03-10 09:00", rep="a|b=c.d", channel='"\\\n\x00é😀', subject="s|" * 200),
        activity("03-10 09:00", "collateral", rep="a|b=c.d", asset='l:a.b|"\x00'),
    ],
    "a probability of many digits": [
        deal("03-10 09:00", amount="5", probability=0.1234567890123456),
        deal("03-10 09:00", "deal-2", amount="5", probability=5e-324),
    ],
}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("extreme", EXTREMES)
def test_extreme_event_is_refused_or_counted(extreme: str, zone: str) -> None:
    refused: list[Rejected] = []
    lines = [json.dumps(event).encode() for event in EXTREMES[extreme]]
    settings = Settings(now=instant(NOW), timezone=zone)
    records = list(replay(lines, settings, lambda _, rejected: refused.append(rejected)))
    assert all(json.loads(record) for record in records)
    assert all(it.reason for it in refused)
