"""Null or an empty text clears each field of each patch, in every KPI that reads it."""

from pathlib import Path
from typing import Any

import pytest

from tests.kpis.story import (
    HOUR,
    Said,
    Told,
    account,
    call,
    deal,
    invoice,
    lead,
    member,
    ordered,
    quoted,
    said,
    ticket,
    told,
    won,
)

each_nothing = pytest.mark.parametrize("nothing", [None, ""])
OPEN = deal(
    "03-02 09:00",
    rep="ann",
    stage="offer",
    amount="100",
    probability=0.5,
    expected_close="2026-03-12",
    status="open",
)
# Before and after: what is open, weighted, expired and forecast.
LEVELS = ("pipeline_amount", "pipeline_weighted", "expired_pipeline", "forecast")


def value(found: Told, *picked: str) -> Any:
    """Give a value; None where there is no record."""
    record = found.record(*picked)
    return None if record is None else record["value"]


def levels(found: Told) -> tuple[str | None, ...]:
    """Give what is said of the open deal; None where there is no record."""
    return tuple(value(found, kpi) for kpi in LEVELS)


@each_nothing
@pytest.mark.parametrize(
    ("field", "left"),
    [
        ("amount", ("0.00", "0.00", "0.00", None)),
        ("currency", ("0.00", "0.00", "0.00", None)),
        # Without its own probability a deal has that of its stage.
        ("probability", ("100.00", "20.00", "100.00", "20.00")),
        ("expected_close", ("100.00", "50.00", "0.00", None)),
        ("stage", ("100.00", "50.00", "100.00", "50.00")),
        ("status", ("100.00", "50.00", "100.00", "50.00")),
    ],
)
def test_field_of_an_open_deal_is_cleared_from_then_on(
    field: str, left: tuple[str | None, ...], nothing: str | None
) -> None:
    options: dict[str, Any] = {"stage_probability": {"offer": "0.2"}}
    cleared = deal("03-15 09:00") | {field: nothing}
    found = told(OPEN, cleared, **options)
    assert levels(told(OPEN, **options)) == ("100.00", "50.00", "100.00", "50.00")
    assert levels(found) == left
    # What stood before stands.
    assert found["pipeline_amount", "all", "day", "2026-03-02"] == "100.00"
    assert found["expired_pipeline", "all", "day", "2026-03-13"] == "100.00"
    assert found["pipeline_count"] == 1


@each_nothing
def test_currency_that_is_cleared_leaves_a_deal_unpriced(nothing: str | None) -> None:
    found = told(OPEN, deal("03-15 09:00") | {"currency": nothing})
    assert set(found.parts("unpriced_facts")) == {
        *("pipeline_amount", "pipeline_weighted", "expired_pipeline"),
        *("pipeline_created", "funnel_realisation_value"),
    }
    assert "unpriced_facts" not in told(OPEN, deal("03-15 09:00") | {"amount": nothing})


KNOWN = account(rep="bob", segment="retail", potential="1000", currency="EUR")
OF_ACME = (
    invoice("03-02 09:00", "100", due="03-10"),
    ordered("03-02 09:00", promised="2026-03-05"),
    said("order.delivered", "03-04 09:00", subject="acme", order="order-1"),
    ticket("03-03 09:00", "complaint"),
)
OF_REP = ("receivables", "overdue", "on_time_delivery", "complaints")


def acme(*events: Said) -> tuple[set[str], float | None, int]:
    """Give the KPIs that are Bob's, the wallet share, and how often that is unpriced."""
    found = told(KNOWN, *OF_ACME, *events)
    bobs = {kpi for kpi in OF_REP if "rep=bob" in found.scopes(kpi)}
    share = value(found, "wallet_share", "account=acme")
    unpriced = found.parts("unpriced_facts") if "unpriced_facts" in found else {}
    return bobs, share, unpriced.get("wallet_share", 0)


@each_nothing
@pytest.mark.parametrize(
    ("field", "left"),
    [
        ("rep", (set(), 0.1, 0)),
        ("segment", ({*OF_REP}, 0.1, 0)),
        ("potential", ({*OF_REP}, None, 0)),
        ("currency", ({*OF_REP}, None, 1)),
    ],
)
def test_field_of_an_account_is_cleared_and_the_others_stay(
    field: str, left: tuple[set[str], float | None, int], nothing: Any
) -> None:
    assert acme() == ({*OF_REP}, 0.1, 0)
    assert acme(account(at="03-15 09:00", **{field: nothing})) == left
    # One of the future clears nothing yet.
    assert acme(account(at="03-21 09:00", **{field: nothing})) == ({*OF_REP}, 0.1, 0)


@each_nothing
@pytest.mark.parametrize("field", ["team", "department", "unit"])
def test_group_of_a_rep_is_cleared_and_the_others_stay(field: str, nothing: Any) -> None:
    groups = {"team": "north", "department": "field", "unit": "europe"}
    events = [member("ann", **groups), won("03-10 09:00", rep="ann")]
    found = told(*events, member("ann", "03-15 09:00", **{field: nothing}))
    left = {f"{name}={value}" for name, value in groups.items() if name != field}
    assert found.scopes("deal_count") == {"all", "rep=ann", *left}


@each_nothing
def test_time_zone_of_a_rep_is_cleared(tmp_path: Path, nothing: Any) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[definitions]\nresponse_hours = "business"\n')
    # Monday 2 March: nine in Tokyo is midnight in UTC, where work begins at nine.
    events = [
        member("ann", timezone="Asia/Tokyo"),
        lead("2026-03-02T09:00:00+09:00", rep="ann"),
        call("2026-03-02T19:00:00+09:00"),
    ]
    assert told(*events, rules=rules)["response_time"] == 8 * HOUR
    cleared = told(*events, member("ann", "03-15 09:00", timezone=nothing), rules=rules)
    assert cleared["response_time"] == HOUR


@each_nothing
def test_rep_of_a_lead_is_cleared_in_all_that_is_the_subjects(nothing: str | None) -> None:
    events = [lead("03-01 09:00", rep="ann"), won("03-10 09:00"), quoted("03-03 09:00")]
    kpis = ("lead_count", "deal_count", "quote_to_order", "unanswered_leads", "followup_contacts")
    given = told(*events)
    back = told(*events, said("lead.assigned", "03-15 09:00", subject="lead-1", rep=nothing))
    for kpi in kpis:
        assert given.scopes(kpi) == {"all", "rep=ann"}, kpi
        assert back.scopes(kpi) == {"all"}, kpi


@pytest.mark.parametrize("field", ["amount", "expected_close", "probability", "currency", "status"])
def test_blank_in_a_field_with_a_form_is_refused_by_its_name(field: str) -> None:
    with pytest.raises(Exception, match=f"field {field}: "):
        told(OPEN, deal("03-15 09:00") | {field: " "})
