"""Settings: what the environment may say, and that every refusal names the variable."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.config.declaration import BadSetting
from streams.config.environment import name_of
from streams.config.settings import PREFIX, Settings
from streams.events import TicketOpened

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(**environment: str) -> Settings:
    """Read settings from variables named without their prefix."""
    return Settings.from_environment({f"{PREFIX}{name}": it for name, it in environment.items()})


def refusal(**environment: str) -> str:
    """Give the message with which settings are refused."""
    with pytest.raises(BadSetting) as refused:
        read(**environment)
    return str(refused.value)


def test_empty_environment_gives_the_defaults() -> None:
    assert read() == Settings()
    assert Settings.from_environment({"PATH": "/bin", "SALES": "x"}) == Settings()


def test_every_setting_is_read_as_its_type() -> None:
    settings = read(
        BOOTSTRAP="kafka:9092",
        APP="north",
        TIMEZONE="Asia/Tehran",
        CURRENCY="IRR",
        WEEK_START="5",
        FISCAL_START="3",
        LATENESS_MS="0",
        PUBLISH_INTERVAL_MS="50",
        STALE_DAYS="14",
        SMALL_DEAL="5",
        LARGE_DEAL="50",
        PARTITIONS="8",
        REPLICATION="3",
        DATA="/var/data",
        CHURN_THRESHOLD="7",
        RULES="/etc/rules.toml",
    )
    assert (settings.bootstrap, settings.app) == ("kafka:9092", "north")
    assert (settings.timezone, settings.currency) == ("Asia/Tehran", "IRR")
    assert (settings.week_start, settings.fiscal_start) == (5, 3)
    assert (settings.lateness_ms, settings.publish_interval_ms) == (0, 50)
    assert (settings.stale_days, settings.small_deal, settings.large_deal) == (14, 5, 50)
    assert (settings.partitions, settings.replication) == (8, 3)
    assert (settings.data, settings.rules) == (Path("/var/data"), Path("/etc/rules.toml"))
    assert settings.churn_threshold == 7


def test_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}CURRENCY", "USD")
    assert Settings.from_environment().currency == "USD"


@pytest.mark.parametrize("name", ["CURENCY", "CURRENCY_", "X", ""])
def test_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    message = refusal(**{name: "EUR"})
    assert message.startswith(f"{PREFIX}{name} ")
    assert all(name_of(field).lower() in message for field in fields(Settings))


REFUSED: tuple[tuple[str, str], ...] = (
    *(("TIMEZONE", it) for it in ("", "Berlin", "europe/berlin", "+03:30", "../etc/x", "Europe")),
    *(("CURRENCY", it) for it in ("", "eur", "EURO", "€", "E1R", "EU ", "EUR\n", "ЕUR")),
    *(("PARTITIONS", it) for it in ("", "four", "4.0", "1e3", "0", "-1", "1001")),
    *(("WEEK_START", it) for it in ("7", "-1", "monday")),
    *(("FISCAL_START", it) for it in ("0", "13", "")),
    *(("REPLICATION", it) for it in ("0", "10")),
    *((name, it) for name in ("GATEWAY_PORT", "METRICS_PORT") for it in ("-1", "65536", "http")),
    *(("METRICS_WINDOWS", it) for it in ("", "hour", "day,day", "day,decade")),
    *(("METRICS_KPIS", it) for it in ("revenue_won,revenue_won",)),
    *((f"METRICS_{it}", "0") for it in ("VALUES", "LABELS")),
    *(("HEADER_TIMEOUT_S", it) for it in ("0", "301", "0.5")),
    *(("MAX_CONNECTIONS", it) for it in ("15", "100001", "many")),
    *(("LATENESS_MS", it) for it in ("-1", "24h", str(10**13))),
    *(("PUBLISH_INTERVAL_MS", it) for it in ("-1", "60001", "0.2")),
    *(("STALE_DAYS", it) for it in ("0", "10001", "a month")),
    *(("SMALL_DEAL", it) for it in ("1000.50", "10001", "-1")),
    *(("LARGE_DEAL", it) for it in ("999", "1,000,000")),
    *(("NOW", it) for it in ("now", "2026-03-02", "2026-03-02T09:15:00", "1772437500000")),
    ("NOW", "2026-02-30T09:15:00Z"),
    *(
        ("FAILPOINT", it)
        for it in ("after_lunch:1", "after_state", "after_state:0", "after_state:1 ")
    ),
    *(
        ("STAGE_PROBABILITY", it)
        for it in ("offer", "offer=", "offer=high", "offer=-0.4", "offer=1e-1", "offer=0.4.1")
    ),
    *(("STAGE_PROBABILITY", it) for it in ("offer=40", "offer=1.01", "=0.4", "offer=²")),
    *(("STAGES", it) for it in ("offer,offer", "contact, offer ,contact")),
    *(("CHURN_THRESHOLD", it) for it in ("0", "-1", "1000001", "five", "")),
    *(("CHURN_WEIGHTS", it) for it in ("complaint", "complaint=", "complaint=-1", "complaint=1.5")),
    *(("CHURN_WEIGHTS", it) for it in ("praise=3", "=3", "complaint=²", "complaint=1000000")),
)


@pytest.mark.parametrize(("name", "text"), REFUSED)
def test_refusal_names_the_variable(name: str, text: str) -> None:
    assert f"{PREFIX}{name}" in refusal(**{name: text})


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("TIMEZONE", "Berlin", "Europe/Berlin"),
        ("CURRENCY", "eur", "EUR"),
        ("NOW", "2026-03-02", "2026-03-02T09:15:00+03:30"),
        ("WEEK_START", "7", "between 0 and 6"),
        ("STALE_DAYS", "a month", "whole number"),
        ("STAGE_PROBABILITY", "offer", "proposal=0.4,negotiation=0.7"),
        ("SMALL_DEAL", "20000", "LARGE_DEAL"),
        ("STAGES", "offer,contact,offer", "'offer' twice"),
        ("CHURN_THRESHOLD", "0", "between 1 and"),
        ("CHURN_WEIGHTS", "complaint", "complaint=3,closing_request=5"),
        ("CHURN_WEIGHTS", "praise=3", "complaint, closing_request, contract_question, contact"),
    ],
)
def test_rejection_names_what_would_do(name: str, text: str, hint: str) -> None:
    assert hint in refusal(**{name: text})


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T03:30:00.250+03:30", 250),
        ("2026-03-02T05:45:00+00:00", 1_772_430_300_000),
        ("2026-03-02T09:15:00+03:30", 1_772_430_300_000),
    ],
)
def test_now_is_read_as_milliseconds(text: str, milliseconds: int) -> None:
    assert read(NOW=text).now == milliseconds
    assert read(NOW=text).clock() == milliseconds


@given(st.integers(0, 4 * 10**12))
@example(2_176_616_625_608)
def test_every_millisecond_of_now_is_read_as_itself(instant: int) -> None:
    text = (EPOCH + timedelta(milliseconds=instant)).isoformat()
    assert read(NOW=text).now == instant


def test_empty_now_is_the_machines_clock() -> None:
    assert read(NOW="").now is None
    assert read(NOW="").clock() > 1_700_000_000_000


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("", {}),
        ("offer=0.4", {"offer": "0.4"}),
        (" offer = 0.4 , second call = 1 ,", {"offer": "0.4", "second call": "1"}),
        ("a=0,b=0.125", {"a": "0", "b": "0.125"}),
    ],
)
def test_stage_probabilities_are_decimal_texts_by_stage(text: str, table: dict[str, str]) -> None:
    assert read(STAGE_PROBABILITY=text).stage_probability == table


@pytest.mark.parametrize(
    ("text", "order"),
    [("", ()), ("offer", ("offer",)), (" contact , second call,,", ("contact", "second call"))],
)
def test_stages_are_read_in_their_order(text: str, order: tuple[str, ...]) -> None:
    assert read(STAGES=text).stages == order


def test_unnamed_kind_of_ticket_has_its_default_weight() -> None:
    usual = {"complaint": 3, "closing_request": 5, "contract_question": 2, "contact": 1}
    assert read().churn_weights == read(CHURN_WEIGHTS="").churn_weights == usual
    assert read(CHURN_WEIGHTS=" contact = 0 ,complaint=4").churn_weights == {
        **usual,
        "contact": 0,
        "complaint": 4,
    }


def test_every_kind_of_ticket_has_a_weight() -> None:
    kinds = get_args(get_type_hints(TicketOpened)["kind"])
    assert {*kinds} == {*Settings().churn_weights}


def test_settings_do_not_change() -> None:
    with pytest.raises(AttributeError):
        Settings().currency = "USD"  # type: ignore[misc]  # that it is refused is the point


def test_secrets_are_not_shown() -> None:
    told = "open-sesame-open-sesame-open"
    assert told not in repr(read(TOKEN=told, ERASURE_KEY=told))


def test_refused_secret_is_not_shown() -> None:
    message = refusal(TOKEN="open-sesame")  # noqa: S106  # opens nothing
    assert message.startswith("SALES_KPIS_TOKEN must be 24 or more")
    assert "sesame" not in message


def test_erasures_are_keyed_by_the_apps_name_where_no_key_is_set() -> None:
    assert read(APP="north").secret == b"north"
    assert read(APP="north", ERASURE_KEY="never told").secret == b"never told"
