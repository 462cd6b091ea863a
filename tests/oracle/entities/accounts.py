"""What is known of accounts: who has them, and what they could buy."""

from collections.abc import Iterable, Sequence

from tests.oracle.history.events import Event, latest
from tests.oracle.history.reference import patched
from tests.oracle.history.tombstones import Tombstones, losers


class Accounts:
    """The accounts; one that others were merged into has theirs of what it lacks."""

    def __init__(self, events: Sequence[Event], tombstones: Tombstones) -> None:
        """`tombstones` are those of accounts."""
        self.records = patched(events, "account.set", "account")
        self.tombstones = tombstones

    def merged(self, account: str) -> Iterable[list[Event]]:
        """The records of the account, then of those merged into it, the first merged first."""
        for name in (account, *losers(self.tombstones, account)):
            if name in self.records:
                yield self.records[name]

    def rep(self, account: str) -> str | None:
        """Who has the account."""
        reps = (latest(records, "rep") for records in self.merged(account))
        return next((rep for rep in reps if rep is not None), None)

    def potential(self, account: str) -> tuple[str, str | None, int] | None:
        """What the account could buy in a year: amount, currency, and when it was recorded."""
        for records in self.merged(account):
            amount, currency = latest(records, "potential"), latest(records, "currency")
            if amount is not None:
                at = max(record.at for record in records if record.text("potential") is not None)
                return amount, currency, at
        return None
