"""A signed time counts within five minutes either way, or within the window of the recipe."""

import pytest

from streams.sources.auth.outcome import Refusal
from streams.sources.auth.times import instant, written
from tests.sources.auth.shipped import NOW, kind, recipe, recipe_of, sign, verify, webhook
from tests.sources.auth.test_sdks import PRIVATE_TEXT, PUBLIC_TEXT, WHSEC

FIVE_MINUTES_MS = 300_000
FOUR_DAYS_MS = 4 * 86_400_000
NARROW = ("hubspot", "twenty", "stripe", "close", "zendesk", "calendly")


@pytest.mark.parametrize("name", NARROW)
@pytest.mark.parametrize("way", [1, -1])
def test_time_at_the_edge_of_the_window_counts(name: str, way: int) -> None:
    request = sign(webhook(), name)
    assert kind(verify(request, recipe(name), now=NOW + way * FIVE_MINUTES_MS)) == "verified"


@pytest.mark.parametrize("name", NARROW)
@pytest.mark.parametrize("way", [1, -1])
def test_time_a_millisecond_outside_the_window_is_refused(name: str, way: int) -> None:
    request = sign(webhook(), name)
    assert kind(verify(request, recipe(name), now=NOW + way * (FIVE_MINUTES_MS + 1))) == "time"


@pytest.mark.parametrize("way", [1, -1])
def test_window_of_standard_webhooks_is_five_minutes(way: int) -> None:
    request = sign(webhook(), "standardwebhooks", WHSEC)
    found = recipe("standardwebhooks")
    assert kind(verify(request, found, WHSEC, now=NOW + way * FIVE_MINUTES_MS)) == "verified"
    assert kind(verify(request, found, WHSEC, now=NOW + way * (FIVE_MINUTES_MS + 1))) == "time"


@pytest.mark.parametrize("way", [1, -1])
def test_window_of_sendgrid_is_as_long_as_its_retries(way: int) -> None:
    request = sign(webhook(), "sendgrid", PRIVATE_TEXT)
    found = recipe("sendgrid")
    assert kind(verify(request, found, PUBLIC_TEXT, now=NOW + way * FOUR_DAYS_MS)) == "verified"
    assert kind(verify(request, found, PUBLIC_TEXT, now=NOW + way * (FOUR_DAYS_MS + 1))) == "time"


@pytest.mark.parametrize("way", [1, -1])
def test_window_of_mailgun_is_as_long_as_its_retries(way: int) -> None:
    request = sign(webhook(b"{}"), "mailgun")
    found = recipe("mailgun")
    assert kind(verify(request, found, now=NOW + way * FOUR_DAYS_MS)) == "verified"
    assert kind(verify(request, found, now=NOW + way * (FOUR_DAYS_MS + 1))) == "time"


def test_window_of_an_own_recipe_is_what_the_recipe_has() -> None:
    found = recipe_of(
        'scheme = "hmac"\nheader = "x-sign"\nsigned = "{time}{body}"\n'
        'time = { header = "x-time", unit = "s", window = "10s" }'
    )
    request = found.schemes[0].sign(webhook(), "k" * 24, "", NOW)
    assert kind(verify(request, found, "k" * 24, now=NOW + 10_000)) == "verified"
    assert kind(verify(request, found, "k" * 24, now=NOW + 10_001)) == "time"


def test_token_of_monday_ends_with_a_minute_for_clocks_that_differ() -> None:
    request = sign(webhook(target="/webhooks/monday"), "monday")
    end = NOW + FIVE_MINUTES_MS
    assert kind(verify(request, recipe("monday"), now=end + 60_000)) == "verified"
    assert kind(verify(request, recipe("monday"), now=end + 61_000)) == "time"


def test_token_of_monday_does_not_count_before_it_was_made() -> None:
    request = sign(webhook(target="/webhooks/monday"), "monday")
    assert kind(verify(request, recipe("monday"), now=NOW - 60_000)) == "verified"
    assert kind(verify(request, recipe("monday"), now=NOW - 61_000)) == "time"


def test_clock_is_not_suspected_where_the_secret_is_wrong() -> None:
    request = sign(webhook(), "stripe", "another secret of enough length")
    assert kind(verify(request, recipe("stripe"), now=NOW + 10**9)) == "mismatch"


@pytest.mark.parametrize("unit", ["s", "ms", "iso"])
def test_time_is_read_as_it_is_written(unit: str) -> None:
    assert instant(written(NOW, unit), unit) == NOW  # type: ignore[arg-type]  # of the list above


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", " 1", "1 ", "1_0", "1.5", "１２", "NaN", "1e3", "9" * 17]
)
def test_time_that_is_no_plain_number_is_malformed(text: str) -> None:
    with pytest.raises(Refusal, match="not a number"):
        instant(text, "s")


@pytest.mark.parametrize("text", ["2026-11-18T11:06:40", "yesterday", "2026-13-01T00:00:00Z"])
def test_time_without_offset_or_date_is_malformed(text: str) -> None:
    with pytest.raises(Refusal, match="the signed time"):
        instant(text, "iso")
