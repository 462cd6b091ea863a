"""Which KPIs, windows, values and labels have gauges."""

import msgspec
import pytest

from streams.config.settings import GAUGE_WINDOWS
from streams.output.keys import WINDOWS
from tests.output.prometheus.showing import TODAY, showing, values
from tests.output.records import at, records, won

LOST = [
    b'{"id":"1","type":"deal.changed","at":"2026-03-04T07:00:00+00:00","subject":"%b",'
    b'"deal":"%b","status":"lost","reason":"%b","rep":"ann"}' % (name, name, reason)
    for name, reason in ((b"d1", b"price"), (b"d2", b"price"), (b"d3", b"quality"))
]


def test_values_past_the_limit_are_counted_and_the_largest_are_shown() -> None:
    # By name the first would be rep0; rep4 has won most.
    events = [won(f"d{n}", f"{n + 1}.00", rep=f"rep{n}") for n in range(5)]
    registry, _, _ = showing(events, metrics_values=3)
    assert values(registry, "sales_revenue_won_eur") == {"", "rep2", "rep3", "rep4"}
    where = {"kpi": "revenue_won", "dimension": "rep"}
    assert registry.get_sample_value("sales_kpi_values_dropped", where) == 2
    assert registry.get_sample_value("sales_revenue_won_eur", TODAY) == 15


def test_shares_are_shown_of_who_has_most_facts() -> None:
    # Ann has lost both of hers; 0 of 2 is of more deals than 1 of 1.
    events = [
        won("d1", "1.00", rep="ann", status="lost"),
        won("d2", "1.00", rep="ann", status="lost"),
        won("d3", "9.00", rep="bob"),
    ]
    registry, _, _ = showing(events, metrics_values=1)
    assert values(registry, "sales_close_rate_ratio") == {"", "ann"}
    assert values(registry, "sales_revenue_won_eur") == {"", "bob"}


def test_member_that_falls_behind_gives_its_place_to_the_larger_one() -> None:
    def wins(*amounts: int) -> list[bytes]:
        return [won(f"d{n}", f"{amount}.00", rep=f"rep{n}") for n, amount in enumerate(amounts)]

    registry, collector, _ = showing(wins(9, 8, 7), metrics_values=1)
    assert values(registry, "sales_revenue_won_eur") == {"", "rep0"}
    # A second place is kept: about as large is no reason to change.
    for name, record in records(wins(9, 10, 7), at()):
        collector.update(name, record)
    assert values(registry, "sales_revenue_won_eur") == {"", "rep0"}
    for name, record in records(wins(9, 10, 11), at()):
        collector.update(name, record)
    assert values(registry, "sales_revenue_won_eur") == {"", "rep2"}


def test_only_kpis_of_the_settings_have_gauges() -> None:
    registry, _, _ = showing([won("d1", "1.00")], metrics_kpis=("deal_count",))
    assert {family.name for family in registry.collect()} == {
        "sales_deal_count",
        "sales_kpi_records",
        "sales_kpi_records_unnamed",
        "sales_kpi_last_update_timestamp_seconds",
    }


def test_only_windows_of_the_settings_have_gauges() -> None:
    registry, _, _ = showing([won("d1", "1.00")], metrics_windows=("day", "last_90d"))
    windows = {s.labels["window"] for f in registry.collect() for s in f.samples if s.labels}
    assert windows == {"day", "last_90d"}


def test_every_window_but_the_hour_can_be_chosen() -> None:
    assert ("hour", *GAUGE_WINDOWS) == WINDOWS


def test_records_decoded_before_a_scrape_are_shown_by_it() -> None:
    registry, collector, _ = showing([won("d1", "1.00")])
    assert collector.undecoded
    collector.decode()
    assert collector.undecoded == 0
    assert registry.get_sample_value("sales_deal_count", TODAY) == 1


def test_record_that_cannot_be_read_fails_every_scrape() -> None:
    registry, collector, _ = showing([won("d1", "1.00")])
    collector.update("deal_count|all|day|2026-03-04T00:00:00+00:00", b"not JSON")
    for _ in range(2):
        with pytest.raises(msgspec.DecodeError):
            list(registry.collect())


def test_labels_past_the_limit_are_counted_and_not_shown() -> None:
    registry, _, _ = showing(LOST, metrics_labels=1)
    name = "sales_lost_reasons"
    assert registry.get_sample_value(name, {**TODAY, "label": "price"}) == 2
    assert registry.get_sample_value(name, {**TODAY, "label": "quality"}) is None
    where = {"kpi": "lost_reasons", "dimension": "all"}
    assert registry.get_sample_value("sales_kpi_labels_dropped", where) == 1
