"""The KPIs of current windows as gauges."""

import pytest
from prometheus_client import Counter

from streams.config.settings import instant
from tests.output.prometheus.showing import TODAY, showing, values
from tests.output.records import NOON, at, key, records, won

LEAD = [
    b'{"id":"1","type":"lead.created","at":"2026-03-04T08:00:00+00:00","subject":"L1",'
    b'"rep":"ann","channel":"web"}',
    b'{"id":"2","type":"call.ended","at":"2026-03-04T08:00:30.500+00:00","subject":"L1",'
    b'"rep":"ann","direction":"outbound","outcome":"connected"}',
]
LOST = [
    b'{"id":"1","type":"deal.changed","at":"2026-03-04T07:00:00+00:00","subject":"%b",'
    b'"deal":"%b","status":"lost","reason":"%b","rep":"ann"}' % (name, name, reason)
    for name, reason in ((b"d1", b"price"), (b"d2", b"price"), (b"d3", b"quality"))
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # Answered after 30.5 s; money in euros, not cents; shares as shares; per 1,000 calls.
        ("sales_response_time_seconds", 30.5),
        ("sales_response_within_hour_ratio", 1.0),
        ("sales_revenue_won_eur", 600.5),
        ("sales_deal_size_eur", 300.25),
        ("sales_deal_count", 2.0),
        ("sales_followup_contacts", 1.0),
        ("sales_contact_quality_per_1000", 2000.0),
    ],
)
def test_gauges_are_in_base_units(name: str, value: float) -> None:
    registry, _, _ = showing([*LEAD, won("d1", "200.00"), won("d2", "400.50")])
    assert registry.get_sample_value(name, TODAY) == value


def test_percentiles_are_gauges_of_their_own_in_seconds() -> None:
    registry, _, _ = showing(LEAD)
    for rank in ("p50", "p90"):
        found = registry.get_sample_value(f"sales_response_time_{rank}_seconds", TODAY)
        assert found == pytest.approx(30.5, rel=0.01)


def test_counts_have_a_gauge_per_label() -> None:
    registry, _, _ = showing(LOST)
    name = "sales_lost_reasons"
    assert registry.get_sample_value(name, {**TODAY, "label": "price"}) == 2
    assert registry.get_sample_value(name, {**TODAY, "label": "quality"}) == 1
    assert registry.get_sample_value(name, TODAY) is None


def test_value_of_a_scope_is_a_label() -> None:
    registry, _, _ = showing([won("d1", "200.00", rep="ann"), won("d2", "400.00", rep="bob")])
    where = {"window": "last_15d", "dimension": "rep", "value": "bob"}
    assert registry.get_sample_value("sales_deal_size_eur", where) == 400
    where = {"window": "last_15d", "dimension": "all", "value": ""}
    assert registry.get_sample_value("sales_deal_size_eur", where) == 300


def test_a_value_that_is_null_has_no_gauge() -> None:
    settings = at()
    registry, collector, _ = showing([], settings)
    ((name, record),) = [
        pair for pair in records([won("d1", "1.00")], settings) if "close_rate|all|day" in pair[0]
    ]
    collector.update(name, record)
    assert registry.get_sample_value("sales_close_rate_ratio", TODAY) == 1
    collector.update(name, record.replace(b'"value":1.0', b'"value":null'))
    assert registry.get_sample_value("sales_close_rate_ratio", TODAY) is None


def test_gauge_is_removed_with_its_record() -> None:
    registry, collector, _ = showing([won("d1", "1.00")])
    assert registry.get_sample_value("sales_deal_count", TODAY) == 1
    for name, _ in records([won("d1", "1.00")], at()):
        collector.update(name, None)
    assert registry.get_sample_value("sales_deal_count", TODAY) is None
    assert registry.get_sample_value("sales_kpi_records") == 0


def test_gauge_is_removed_when_its_window_ends() -> None:
    registry, _, clock = showing([won("d1", "1.00")])
    clock.text = "2026-03-04T23:59:59.999+00:00"
    assert registry.get_sample_value("sales_deal_count", TODAY) == 1
    clock.text = "2026-03-05T00:00:00+00:00"
    assert registry.get_sample_value("sales_deal_count", TODAY) is None
    assert registry.get_sample_value("sales_deal_count", {**TODAY, "window": "week"}) == 1


def test_records_of_ended_windows_are_dropped() -> None:
    registry, collector, clock = showing([won("d1", "1.00")])
    before = registry.get_sample_value("sales_kpi_records")
    clock.text = "2027-01-01T00:00:00+00:00"
    later = at("2027-01-01T00:00:00+00:00")
    for name, record in records([won("d1", "1.00", when="2027-01-01T00:00:00+00:00")], later):
        collector.update(name, record)
    assert before
    assert registry.get_sample_value("sales_kpi_records") == before
    assert registry.get_sample_value("sales_deal_count", TODAY) == 1


def test_past_windows_and_hours_have_no_gauges() -> None:
    registry, _, _ = showing([won("d1", "1.00", when="2026-03-03T09:00:00+00:00"), *LEAD])
    assert registry.get_sample_value("sales_deal_count", TODAY) is None
    assert registry.get_sample_value("sales_deal_count", {**TODAY, "window": "week"}) == 1
    windows = {s.labels.get("window") for f in registry.collect() for s in f.samples}
    assert "hour" not in windows


def test_windows_follow_the_clock_of_the_reporting_zone() -> None:
    settings = at("2026-03-04T23:30:00+00:00", timezone="Asia/Tehran")
    registry, _, clock = showing([won("d1", "1.00", when="2026-03-04T21:00:00+00:00")], settings)
    # In Tehran it is 03:00 of 5 March.
    clock.text = "2026-03-04T23:30:00+00:00"
    assert registry.get_sample_value("sales_deal_count", TODAY) == 1
    clock.text = "2026-03-05T20:29:00+00:00"
    assert registry.get_sample_value("sales_deal_count", TODAY) == 1
    clock.text = "2026-03-05T20:30:00+00:00"
    assert registry.get_sample_value("sales_deal_count", TODAY) is None


def test_customers_are_never_labels() -> None:
    events = [
        b'{"id":"1","type":"invoice.issued","at":"2026-03-04T08:00:00+00:00","subject":"acme",'
        b'"invoice":"i1","amount":"10.00","currency":"EUR","due":"2026-04-01"}'
    ]
    assert any("account=acme" in name for name, _ in records(events, at()))
    registry, _, _ = showing(events)
    assert registry.get_sample_value("sales_receivables_eur", TODAY) == 10
    assert "acme" not in str([metric.samples for metric in registry.collect()])


def test_records_without_a_name_here_are_counted() -> None:
    registry, collector, _ = showing([])
    for name, record in records([won("d1", "1.00")], at()):
        if name.startswith("revenue_won|all|day"):
            collector.update(name, record.replace(b"money:EUR", b"money:USD"))
            newer = record.replace(b"revenue_won", b"glow")
            collector.update(key(newer), newer)
    assert registry.get_sample_value("sales_kpi_records") == 2
    assert registry.get_sample_value("sales_kpi_records_unnamed") == 2
    assert registry.get_sample_value("sales_revenue_won_eur", TODAY) is None


def test_help_is_the_catalogues_text() -> None:
    registry, _, _ = showing(LOST)
    texts = {metric.name: metric.documentation for metric in registry.collect()}
    assert texts["sales_lost_reasons"] == "Lost deals by reason, `unknown` where none was given."


def test_last_update_is_the_newest_records() -> None:
    registry, _, _ = showing([won("d1", "1.00")])
    newest = registry.get_sample_value("sales_kpi_last_update_timestamp_seconds")
    assert newest == instant(NOON, "now") / 1000
    registry, _, _ = showing([])
    assert registry.get_sample_value("sales_kpi_last_update_timestamp_seconds") is None


def test_names_clash_with_no_others() -> None:
    registry, _, _ = showing([])
    with pytest.raises(ValueError, match="Duplicated"):
        Counter("sales_deal_count", "Another.", registry=registry)


def aim(kpi: str, value: str, scope: str = "{}") -> bytes:
    """A target for all months."""
    return (
        b'{"id":"%b","type":"target.set","at":"2026-01-01T00:00:00Z","kpi":"%b","scope":%b,'
        b'"window":"month","value":"%b"}'
    ) % (kpi.encode(), kpi.encode(), scope.encode(), value.encode())


MONTH = {"window": "month", "dimension": "all", "value": ""}


def test_target_attainment_and_pace_are_gauges_with_a_label_for_the_kpi() -> None:
    registry, _, _ = showing([won("d1", "200.00"), aim("revenue_won", "1000.00")])
    where = {**MONTH, "kpi": "revenue_won"}
    assert registry.get_sample_value("sales_kpi_target", where) == 1000
    assert registry.get_sample_value("sales_kpi_attainment_ratio", where) == 0.2
    # Three and a half of 31 days are over.
    pace = registry.get_sample_value("sales_kpi_pace_ratio", where)
    assert pace == pytest.approx(0.2 * 31 / 3.5, abs=1e-4)
    assert registry.get_sample_value("sales_kpi_target", {**MONTH, "kpi": "deal_count"}) is None


def test_target_is_in_the_unit_of_its_kpis_gauge() -> None:
    registry, _, _ = showing([*LEAD, aim("response_time", "60000")])
    where = {**MONTH, "kpi": "response_time"}
    assert registry.get_sample_value("sales_kpi_target", where) == 60.0
    assert registry.get_sample_value("sales_response_time_seconds", MONTH) == 30.5


def test_targets_are_shown_for_as_many_values_as_kpis_are() -> None:
    events = [won(rep, "1.00", rep=rep) for rep in ("ann", "bob")]
    aims = [
        aim("revenue_won", "5", scope=f'{{"rep":"{rep}"}}').replace(
            b'"id":"', b'"id":"' + rep.encode()
        )
        for rep in ("ann", "bob")
    ]
    registry, _, _ = showing([*events, *aims], metrics_values=1)
    assert values(registry, "sales_kpi_target") == {"ann"}


def test_record_without_facts_has_no_percentiles_to_show() -> None:
    registry, _, _ = showing([aim("response_time", "60000")])
    assert registry.get_sample_value("sales_response_time_p50_seconds", MONTH) is None
    where = {**MONTH, "kpi": "response_time"}
    assert registry.get_sample_value("sales_kpi_target", where) == 60.0


def test_derived_kpis_are_gauges_like_others() -> None:
    events = [
        won("d1", "300.00", when="2026-03-02T12:00:00+00:00", partner="north", status="open"),
        won("d1", "300.00", partner="north", id="2"),
        won("d2", "1.00", partner="north", status="open"),
    ]
    registry, _, _ = showing(events)
    # One open deal x 1 of 1 won x 300 / (45 of 24 hours).
    assert registry.get_sample_value("sales_sales_velocity_per_day_eur", MONTH) == 160.0
    where = {"window": "month", "dimension": "partner", "value": "north"}
    assert registry.get_sample_value("sales_partner_quality_score", where) == 100.0
