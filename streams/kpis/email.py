"""Do emails invite an answer, and get one?"""

from collections.abc import Iterator

from streams.engine.algebra.measures import COUNT, SHARE
from streams.engine.catalogue.kpi import Fact, kpi
from streams.journeys import Email


@kpi(
    "email_link_share",
    measure=SHARE,
    unit="ratio",
    scopes=("rep", "team"),
    formula="emails with at least 1 link / emails sent by a person",
    source="the contract",
)
def email_link_share(email: Email) -> Fact[bool] | None:
    """Share of emails with at least one link, of those a person sent."""
    return None if email.is_automated else Fact(email.at, email.links > 0)


@kpi(
    "email_clicks",
    measure=COUNT,
    unit="count",
    scopes=("rep", "team"),
    formula="count of clicks on links in emails",
    source="total clicks, email marketing's term",
)
def email_clicks(email: Email) -> Iterator[Fact[int]]:
    """Links followed in sent emails, by the rep who sent them."""
    for at in email.clicks:
        yield Fact(at, 1)


@kpi(
    "email_click_rate",
    measure=SHARE,
    unit="ratio",
    scopes=("rep", "team"),
    formula="emails clicked at least once / emails with a link, sent by a person",
    source="unique click rate, email marketing's term",
)
def email_click_rate(email: Email) -> Fact[bool] | None:
    """Share of emails clicked at least once, of those with a link that a person sent."""
    if email.is_automated or not email.links:
        return None
    return Fact(email.at, bool(email.clicks))
