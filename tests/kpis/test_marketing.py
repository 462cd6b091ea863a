"""What it costs to be known: by hand."""

from tests.kpis.story import (
    rate,
    spent,
    told,
)


def test_spend_is_summed_by_channel_media_and_campaign() -> None:
    found = told(
        spent("03-02 09:00", "100.10", channel="web", media="paid", campaign="spring"),
        spent("03-03 09:00", "50", channel="web", media="owned"),
        spent("03-04 09:00", "7"),
        spent("02-04 09:00", "1000", channel="fair"),
    )
    assert found["marketing_spend"] == "157.10"
    assert found["marketing_spend", "channel=web"] == "150.10"
    assert found["marketing_spend", "media=paid"] == "100.10"
    assert found["marketing_spend", "campaign=spring"] == "100.10"
    march = found.record("marketing_spend")
    assert march is not None
    assert (march["previous"], march["change"]) == ("1000.00", "-842.90")


def test_corrected_spend_stands_whatever_order_it_comes_in() -> None:
    first = spent("03-02 09:00", "100", channel="web")
    second = spent("03-05 09:00", "90", channel="fair") | {"id": first["id"]}
    for events in ([first, second], [second, first], [first, second, first]):
        found = told(*events)
        # Its date is that of the record that stands.
        assert found["marketing_spend", "all", "day", "2026-03-05"] == "90.00"
        assert found.scopes("marketing_spend") == {"all", "channel=fair"}


def test_spend_of_a_later_day_waits_for_it() -> None:
    planned = spent("03-25 09:00", "100")
    assert "marketing_spend" not in told(planned)
    assert told(planned, now="03-25 09:00")["marketing_spend"] == "100.00"


def test_spend_is_converted_at_the_rate_of_its_date() -> None:
    found = told(
        spent("03-02 09:00", "100", currency="USD"),
        rate("USD", "03-01", "0.5"),
        rate("USD", "03-03", "0.9"),
    )
    assert found["marketing_spend"] == "50.00"


def test_spend_without_a_rate_is_unpriced() -> None:
    found = told(spent("03-02 09:00", "100", currency="XOF"), spent("03-02 10:00", "5"))
    assert found["marketing_spend"] == "5.00"
    assert found.parts("unpriced_facts") == {"marketing_spend": 1}
