"""The parts of the keys of `sales.kpis`."""

from streams.output.keys import RecordKey, parse_key


def test_key_of_the_grand_total_has_no_value() -> None:
    key = "revenue_won|all|day|2026-03-02T00:00:00+00:00"
    assert parse_key(key) == RecordKey("revenue_won", "all", "", "day", "2026-03-02T00:00:00+00:00")
    assert parse_key(key).scope == "all"


def test_value_may_contain_the_separators() -> None:
    found = parse_key("revenue_won|partner=A|B=C|last_7d|2026-03-02T00:00:00+03:30")
    assert (found.dimension, found.value, found.window) == ("partner", "A|B=C", "last_7d")
    assert found.scope == "partner=A|B=C"
