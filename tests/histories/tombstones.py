"""Merges and erasures of leads and accounts."""

from tests.histories.reference import Firm
from tests.histories.scribe import Scribe


def merge_or_erase(scribe: Scribe, _firm: Firm, number: int) -> None:
    """Merge or erase an earlier lead or account; chains and circles can result."""
    kind = scribe.random.choice(("lead", "account"))
    # Without a topic it holds for leads and accounts.
    topic = {"topic": "crm.invoice"} if kind == "account" and number % 2 else {}
    subject = f"{kind}-{scribe.random.randint(1, number)}"
    if scribe.chance(0.7):
        into = f"{kind}-{scribe.random.randint(1, number)}"
        scribe.write("subject.merged", subject, scribe.moment(), {"into": into, **topic})
    else:
        scribe.write("subject.erased", subject, scribe.moment(), topic)
