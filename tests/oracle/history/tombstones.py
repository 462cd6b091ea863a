"""What became of subjects: merged into others, or erased."""

from collections.abc import Iterable

from tests.oracle.history.events import (
    Event,
    current,
    last_of,
)

TOMBSTONE_TYPES = ("subject.merged", "subject.erased")
ACCOUNT_TOPICS = ("crm.order", "crm.invoice", "crm.ticket")


class Tombstones:
    """Whose events count as whose, and which count no more, among accounts or among the others."""

    def __init__(self, events: Iterable[Event], *, of_accounts: bool) -> None:
        """Read the merges and erasures among the events; their order does not matter."""
        tombstones = [event for event in events if event.type in TOMBSTONE_TYPES]
        mine = [event for event in tombstones if of_accounts in kinds_of(event)]
        self.into: dict[str, str] = {}
        self.erased: dict[str, int] = {}
        for subject in {event.fields["subject"] for event in mine}:
            of_subject = [event for event in mine if event.fields["subject"] == subject]
            merged = last_of(current(of_subject, {"subject.merged"}))
            if (
                merged is not None
                and not is_of_rep(subject)
                and not is_of_rep(merged.fields["into"])
            ):
                self.into[subject] = merged.fields["into"]
            erased = [event.at for event in of_subject if event.type == "subject.erased"]
            if erased:
                self.erased[subject] = max(erased)

    def path(self, subject: str) -> list[str]:
        """List the subjects an event comes by, its own first; it stays with the last."""
        path = [subject]
        while self.into.get(path[-1], path[-1]) not in path:
            path.append(self.into[path[-1]])
        return path

    def owner(self, event: Event) -> str | None:
        """Name the subject whose event it is; None where it is erased."""
        path = self.path(event.fields["subject"])
        if any(event.at <= self.erased[it] for it in path if it in self.erased):
            return None
        return path[-1]


def kinds_of(event: Event) -> set[bool]:
    """List whether the event means an account; one that names no topic means both kinds."""
    topic = event.text("topic")
    return {False, True} if topic is None else {topic in ACCOUNT_TOPICS}


def is_of_rep(subject: str) -> bool:
    """Tell whether the subject stands for a rep's own efforts."""
    return subject.startswith("rep:")
