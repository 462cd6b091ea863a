"""Readings on which companies differ: what each setting changes, by hand."""

from pathlib import Path
from typing import Any

import pytest

from tests.kpis.story import (
    HOUR,
    MINUTE,
    Said,
    Told,
    call,
    deal,
    lead,
    lost,
    member,
    rate,
    said,
    told,
    won,
)


class Company:
    """Tells stories under its own rules."""

    def __init__(self, folder: Path) -> None:
        """Keep the rules file in a folder."""
        self.file = folder / "rules.toml"

    def told(self, rules: str, *events: Said, **options: Any) -> Told:
        """Replay events under `[definitions]`."""
        self.file.write_text(f"[definitions]\n{rules}\n")
        return told(*events, rules=self.file, **options)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def test_close_rate_by_creation_counts_a_deal_in_the_month_it_came(company: Company) -> None:
    events = [deal("02-10 09:00"), deal("03-10 09:00", status="won", amount="100")]
    found = company.told('close_rate_by = "creation"', *events)
    assert found["close_rate", "all", "month", "2026-02"] == 1.0
    assert found["close_rate_value", "all", "month", "2026-02"] == 1.0
    assert "close_rate" not in found
    assert "deal_count" in found


def test_deal_won_twice_counts_from_its_first_win_if_so_defined(company: Company) -> None:
    events = [
        deal("02-10 09:00", status="won"),
        deal("02-11 09:00", status="open"),
        deal("03-10 09:00", status="won"),
    ]
    assert company.told('win = "latest_run"', *events)["deal_count"] == 1
    first = company.told('win = "first"', *events)
    assert first["deal_count", "all", "month", "2026-02"] == 1
    assert "deal_count" not in first


def test_deal_won_first_and_lost_now_has_no_win(company: Company) -> None:
    events = [deal("02-10 09:00", status="won"), deal("03-10 09:00", status="lost")]
    found = company.told('win = "first"', *events)
    assert ("deal_count", "all", "month", "2026-02") not in found
    assert found["close_rate"] == 0.0


def test_win_belongs_to_the_rep_of_then_if_so_defined(company: Company) -> None:
    events = [
        deal("03-01 09:00", rep="ann"),
        deal("03-05 09:00", status="won", amount="100"),
        deal("03-06 09:00", rep="bob"),
    ]
    assert company.told('owner = "now"', *events).scopes("deal_count") == {"all", "rep=bob"}
    assert company.told('owner = "event"', *events).scopes("deal_count") == {"all", "rep=ann"}


def test_rep_of_then_is_the_leads_where_the_deal_had_none(company: Company) -> None:
    events = [
        lead("03-01 09:00", rep="ann"),
        won("03-05 09:00"),
        said("lead.assigned", "03-06 09:00", subject="lead-1", rep="bob"),
    ]
    found = company.told('owner = "event"', *events)
    assert found.scopes("deal_count") == {"all", "rep=ann"}
    assert found.scopes("lead_count") == {"all", "rep=ann"}
    assert company.told('owner = "now"', *events).scopes("lead_count") == {"all", "rep=bob"}


def test_fact_before_any_rep_belongs_to_the_present_one(company: Company) -> None:
    events = [won("03-05 09:00"), deal("03-06 09:00", rep="bob")]
    assert company.told('owner = "event"', *events).scopes("deal_count") == {"all", "rep=bob"}


def test_nothing_goes_to_a_rep_who_has_had_it_from_the_start(company: Company) -> None:
    events = [
        lead("03-01 09:00"),
        said("lead.assigned", "03-10 09:00", subject="lead-1", rep="ann"),
    ]
    found = company.told('owner = "event"', *events)
    assert found["unanswered_leads", "rep=ann", "day", "2026-03-01"] == 1
    assert ("unanswered_leads", "rep=ann", "day", "2026-03-10") not in found


def test_lead_assigned_and_called_at_once_was_never_unanswered_by_the_new_rep(
    company: Company,
) -> None:
    found = company.told(
        'owner = "event"',
        lead("03-02 09:00", rep="ann"),
        said("lead.assigned", "03-04 09:00", subject="lead-1", rep="bob"),
        call("03-04 09:00", rep="bob"),
    )
    assert found["unanswered_leads", "rep=ann", "day", "2026-03-02"] == 1
    assert found["unanswered_leads", "rep=ann", "day", "2026-03-04"] == 0
    assert "rep=bob" not in found.scopes("unanswered_leads")


def test_pipeline_goes_with_the_deal_to_its_next_rep(company: Company) -> None:
    events = [
        member("ann", team="north"),
        member("bob", team="south"),
        deal("03-01 09:00", amount="100", rep="ann"),
        deal("03-05 09:00", rep="bob"),
        deal("03-09 09:00", status="lost"),
    ]
    found = company.told('owner = "event"', *events)
    days = {
        scope: [
            found[("pipeline_amount", scope, "day", f"2026-03-0{day}")]
            for day in (1, 5, 9)
            if ("pipeline_amount", scope, "day", f"2026-03-0{day}") in found
        ]
        for scope in ("all", "rep=ann", "rep=bob", "team=north", "team=south")
    }
    assert days == {
        "all": ["100.00", "0.00"],  # nothing happens to it on the 5th
        "rep=ann": ["100.00", "0.00"],
        "rep=bob": ["100.00", "0.00"],
        "team=north": ["100.00", "0.00"],
        "team=south": ["100.00", "0.00"],
    }


def test_money_is_converted_at_the_close_if_so_defined(company: Company) -> None:
    events = [
        rate("USD", "02-01", "0.5"),
        rate("USD", "03-01", "0.25"),
        deal("02-10 09:00", amount="100", currency="USD"),
        deal("03-10 09:00", status="won"),
        deal("02-11 09:00", "deal-2", amount="100", currency="USD"),
    ]
    by_event = company.told('conversion = "event"', *events)
    assert by_event["pipeline_created", "all", "month", "2026-02"] == "50.00"
    by_close = company.told('conversion = "close"', *events)
    # The first closed at a quarter, the second is open and worth a half: (25 + 50) / 2.
    assert by_close["pipeline_created", "all", "month", "2026-02"] == "37.50"
    assert by_close["revenue_won"] == by_event["revenue_won"] == "25.00"


@pytest.mark.parametrize(("reading", "share"), [("latest", 1.0), ("open", 0.25)])
def test_lost_deal_is_worth_what_it_was_while_open_if_so_defined(
    company: Company, reading: str, share: float
) -> None:
    events = [
        won("03-02 09:00", amount="100"),
        deal("03-01 09:00", "deal-2", amount="300"),
        deal("03-03 09:00", "deal-2", status="lost", amount="0"),
    ]
    found = company.told(f'lost_amount = "{reading}"', *events)
    assert found["close_rate_value"] == share


def test_lost_deal_without_an_amount_before_has_its_latest(company: Company) -> None:
    events = [won("03-02 09:00"), lost("03-03 09:00", "deal-2", amount="300")]
    assert company.told('lost_amount = "open"', *events)["close_rate_value"] == 0.25


BUSINESS = 'response_hours = "business"'


def test_only_working_hours_count_until_a_lead_is_answered(company: Company) -> None:
    # Friday 16:30 until Monday 09:20: half an hour and twenty minutes.
    events = [lead("03-06 16:30", rep="ann"), call("03-09 09:20")]
    found = company.told(BUSINESS, *events)
    assert found["response_time"] == 50 * MINUTE
    assert found["response_within_hour"] == 1.0
    assert ("unanswered_leads", "all", "day", "2026-03-09") not in found


def test_lead_is_unanswered_once_a_working_hour_is_over(company: Company) -> None:
    events = [lead("03-06 16:30", rep="ann")]
    assert "response_within_hour" not in company.told(BUSINESS, *events, now="03-09 09:30")
    late = company.told(BUSINESS, *events, now="03-09 09:31")
    assert late["response_within_hour"] == 0.0
    assert late["unanswered_leads"] == 1
    assert ("unanswered_leads", "all", "day", "2026-03-06") not in late


def test_working_hours_are_those_of_the_reps_zone(company: Company) -> None:
    events = [lead("03-10 05:00"), call("03-10 06:30", rep="ann")]
    tehran = member("ann", timezone="Asia/Tehran")  # 08:30 to 10:00 there
    assert company.told(BUSINESS, *events)["response_time"] == 0
    assert company.told(BUSINESS, tehran, *events)["response_time"] == HOUR
    newest = member("ann", "02-01 00:00", timezone="Europe/Berlin")
    assert company.told(BUSINESS, tehran, *events, newest)["response_time"] == 0


def test_public_holidays_do_not_count(company: Company) -> None:
    # Epiphany, 6 January, is a Tuesday in 2026 and a holiday in Bavaria.
    rules = f'{BUSINESS}\n[definitions.business]\ncountry = "DE"\nregion = "BY"'
    events = [lead("01-05 16:00"), call("01-07 10:00")]
    found = company.told(rules, *events)
    assert found["response_time", "all", "month", "2026-01"] == 2 * HOUR
    usual = company.told(BUSINESS, *events)
    assert usual["response_time", "all", "month", "2026-01"] == 10 * HOUR


def test_amount_without_rate_is_unpriced_only_once_the_deal_has_closed(company: Company) -> None:
    events = [
        deal("03-01 09:00", amount="100", currency="USD"),
        deal("03-10 09:00", status="won"),
    ]
    rules = 'close_rate_by = "creation"'
    before = company.told(rules, *events, now="03-09 09:00").parts("unpriced_facts")
    assert "close_rate_value" not in before
    after = company.told(rules, *events, now="03-11 09:00").parts("unpriced_facts")
    assert after["close_rate_value"] == 1
