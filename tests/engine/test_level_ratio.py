"""A ratio of two levels at any time is made of the steps before it, held against adding up."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.merge.merger import Merger
from streams.events import Event, decode
from streams.wiring.catalogue import catalogue
from tests.kpis.story import (
    DAY,
    Said,
    account,
    instant,
    invoice,
    said,
    told,
)

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 60 * 24
YEAR = 365 * 24
VALUE = "customer_lifetime_value"


class Bill(NamedTuple):
    """An invoice: whose, how many hours after the begin, and its amount in euros."""

    account: int
    at: int
    amount: int


bills = st.lists(
    st.builds(Bill, st.integers(0, 2), st.integers(0, HOURS), st.integers(-5, 500)), max_size=6
)
nows = st.integers(0, 3 * HOURS)


def hour(number: int) -> str:
    """Write an hour since the begin out."""
    return (BEGIN + timedelta(hours=number)).isoformat()


def events(stories: list[Bill]) -> list[Said]:
    """Tell of invoices, each account's potential being a thousand euros times its number."""
    known = [account(f"a{n}", potential=str(1_000 * n), currency="EUR") for n in range(3)]
    return known + [
        invoice(hour(it.at), str(it.amount), "12-31", f"i{n}", subject=f"a{it.account}")
        for n, it in enumerate(stories)
    ]


@settings(max_examples=60)
@given(bills, nows)
def test_both_levels_are_the_sums_of_their_steps_before_the_windows_end(
    stories: list[Bill], now: int
) -> None:
    found = told(*events(stories), now=hour(now))
    for record in found.records:
        if record["kpi"] == VALUE and not record["scope"]:
            end = min(instant(record["end"]), instant(hour(now)) + 1)
            before = [it for it in stories if instant(hour(it.at)) < end]
            top, bottom = sum(100 * it.amount for it in before), len({it.account for it in before})
            assert record["parts"] == {"numerator": top, "denominator": bottom}
            rounded = (2 * top + bottom) // (2 * bottom)
            assert round(float(record["value"]) * 100) == rounded


@settings(max_examples=60)
@given(bills, st.integers(0, HOURS + YEAR + 24))
def test_numerator_falls_back_by_time_alone(stories: list[Bill], now: int) -> None:
    record = told(*events(stories), now=hour(now)).record("wallet_share")
    # The account of no potential is left out.
    begun = [it for it in stories if it.account and it.at <= now]
    if not begun:
        assert record is None
        return
    assert record is not None
    assert record["parts"] == {
        "numerator": sum(100 * it.amount for it in begun if now < it.at + YEAR),
        "denominator": sum(100_000 * number for number in {it.account for it in begun}),
    }


@settings(max_examples=40)
@given(bills, nows)
def test_ratio_is_published_for_every_day_with_a_step_and_for_today(
    stories: list[Bill], now: int
) -> None:
    found = told(*events(stories), now=hour(now))
    steps = [it.at for it in stories if it.at <= now]
    days = {hour(at)[:10] for at in [*steps, *([now] if steps else [])]}
    assert days == {
        record["start"][:10]
        for record in found.records
        if (record["kpi"], record["window"]) == (VALUE, "day") and not record["scope"]
    }


def settled(
    aggregator: Aggregator, merger: Merger, published_now: Iterable[Said], clock: int
) -> dict[str, object]:
    """Let events arrive at an instant; give the lifetime values that are published, by key."""
    merger.advance_clock_to(clock)
    for one in published_now:
        event = decode(json.dumps(one).encode())
        assert isinstance(event, Event)
        aggregator.add(event)
    for cell, vector in aggregator.apply_all_pending(clock).items():
        merger.set_partial(0, cell, vector)
    return {
        key: body and json.loads(body + b"}")["value"]
        for key, body, _ in merger.publications()
        if key.startswith(f"{VALUE}|") and "|day|" in key
    }


def test_ratio_follows_its_steps_as_they_come_and_goes_with_the_last() -> None:
    first, second = instant("03-02 12:00"), instant("03-03 12:00")
    kpi_catalogue = catalogue(Settings(now=first))
    aggregator, merger = Aggregator(kpi_catalogue, first), Merger(kpi_catalogue, first)
    monday, tuesday = (f"{VALUE}|all|day|2026-03-0{n}T00:00:00+00:00" for n in (2, 3))
    rep = f"{VALUE}|rep=ann|day|2026-03-02T00:00:00+00:00"
    bill = invoice("03-02 09:00", "100", "03-31", rep="ann")
    assert settled(aggregator, merger, [bill], first) == {monday: "100.00", rep: "100.00"}
    # Another customer, told late after midnight: both days move; Monday has ended for the rep.
    other = invoice("03-02 10:00", "50", "03-31", "invoice-2", subject="bolt")
    assert settled(aggregator, merger, [other], second) == {
        monday: "75.00",
        tuesday: "75.00",
        rep: "100.00",
        rep.replace("03-02", "03-03"): "100.00",
    }
    void = [
        said("invoice.voided", "03-03 11:00", subject=subject, invoice=name)
        for subject, name in (("acme", "invoice-1"), ("bolt", "invoice-2"))
    ]
    assert set(settled(aggregator, merger, void, second + DAY).values()) == {None}
