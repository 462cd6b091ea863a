"""Calls and emails, whoever they were meant for."""

from collections.abc import Iterator

from tests.oracle.entities.facts import (
    Fact,
    Reporting,
    count,
    share,
)
from tests.oracle.entities.journeys import Journey, is_outbound
from tests.oracle.history.events import Event


def effort_facts(journey: Journey, _reporting: Reporting) -> Iterator[Fact]:
    """List what a subject's calls and emails add to their KPIs."""
    yield from call_facts(journey)
    yield from email_facts(journey)


def call_facts(journey: Journey) -> Iterator[Fact]:
    """Every call made counts, a machine's too; wins per call come from the deals."""
    for call in journey.of_type("call.ended"):
        if not is_outbound(call):
            continue
        by = {"rep": call.text("rep")}
        yield count("call_count", call.at, by)
        yield share("connect_rate", call.at, by, call.fields["outcome"] == "connected")
        yield Fact("contact_quality", call.at, by, {"numerator": 0, "denominator": 1})
        if call.fields.get("cold"):
            yield Fact("cold_call_yield", call.at, by, {"numerator": 0, "denominator": 1})


def email_facts(journey: Journey) -> Iterator[Fact]:
    """Each email of the subject counts once, as it was last sent; each click counts."""
    clicks = journey.of_type("email.clicked")
    for sent in current_emails(journey):
        by = {"rep": sent.text("rep")}
        its_clicks = [click for click in clicks if click.fields["email"] == sent.fields["email"]]
        for click in its_clicks:
            yield count("email_clicks", click.at, by)
        if sent.fields.get("automated"):
            continue
        has_link = sent.fields["links"] >= 1
        yield share("email_link_share", sent.at, by, has_link)
        if has_link:
            yield share("email_click_rate", sent.at, by, bool(its_clicks))


def current_emails(journey: Journey) -> list[Event]:
    """Of the sendings of one email, keep the last."""
    last: dict[str, Event] = {}
    for sent in sorted(journey.of_type("email.sent"), key=lambda event: event.order):
        last[sent.fields["email"]] = sent
    return list(last.values())
