"""Leads and accounts that turn out to be one, and people who asked to be forgotten."""

from tests.histories.reference import Firm
from tests.histories.scribe import Scribe


def subject_fate(scribe: Scribe, _firm: Firm, number: int) -> None:
    """Merge or erase a lead or an account told of before; chains and circles come about."""
    kind = scribe.random.choice(("lead", "account"))
    topic = {"topic": "crm.invoice"} if kind == "account" else {}
    subject = f"{kind}-{scribe.random.randint(1, number)}"
    if scribe.chance(0.7):
        into = f"{kind}-{scribe.random.randint(1, number)}"
        scribe.write("subject.merged", subject, scribe.moment(), {"into": into, **topic})
    else:
        scribe.write("subject.erased", subject, scribe.moment(), topic)
