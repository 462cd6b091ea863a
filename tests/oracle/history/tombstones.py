"""What became of subjects: merged into others, or erased."""

from collections.abc import Iterable

from tests.oracle.history.events import (
    Event,
    current,
    in_order,
)

TOMBSTONE_TYPES = ("subject.merged", "subject.erased")
ACCOUNT_TOPICS = ("crm.order", "crm.invoice", "crm.ticket")


class Tombstones:
    """Whose events count as whose, and which count no more, among accounts or among the others."""

    def __init__(self, events: Iterable[Event], *, of_accounts: bool) -> None:
        """Read the merges and erasures among the events; their order does not matter."""
        tombstones = [event for event in events if event.type in TOMBSTONE_TYPES]
        mine = [event for event in tombstones if of_accounts in kinds_of(event)]
        self.merges: dict[str, Event] = {}
        self.ever_into: dict[str, set[str]] = {}
        self.erased: dict[str, int] = {}
        for subject in {event.fields["subject"] for event in mine}:
            of_subject = [event for event in mine if event.fields["subject"] == subject]
            merges = in_order(current(of_subject, {"subject.merged"}))
            # A rep's own efforts cannot be merged.
            if merges and not is_of_rep(subject) and not is_of_rep(merges[-1].fields["into"]):
                self.merges[subject] = merges[-1]
            self.ever_into[subject] = {
                event.fields["into"] for event in of_subject if event.type == "subject.merged"
            }
            erased = [event.at for event in of_subject if event.type == "subject.erased"]
            if erased:
                self.erased[subject] = max(erased)
        self.into = {subject: it.fields["into"] for subject, it in self.merges.items()}

    def path(self, subject: str) -> list[str]:
        """The subjects an event comes by, its own first and the survivor last.

        A circle is one subject: whoever comes into it comes by all of its members.
        """
        path = [subject]
        while path[-1] in self.into and self.into[path[-1]] not in path:
            path.append(self.into[path[-1]])
        if path[-1] not in self.into:
            return path
        circle = path[path.index(self.into[path[-1]]) :]
        last = max(circle, key=lambda member: self.merges[member].order)
        return [*(it for it in path if it != self.into[last]), self.into[last]]

    def reached(self, subject: str) -> set[str]:
        """The subjects that it ever was merged into, itself among them.

        A merge that another version of it replaced counts: what it led to an erasure is gone.
        """
        found, waiting = {subject}, [subject]
        while waiting:
            name = waiting.pop()
            targets = set() if is_of_rep(name) else self.ever_into.get(name, set())
            new = {it for it in targets if not is_of_rep(it)} - found
            found |= new
            waiting.extend(new)
        return found

    def owner(self, event: Event) -> str | None:
        """The subject whose event it is; None where it is erased.

        An erasure reaches what was ever merged into the subject, even if it was merged on.
        """
        subject = event.fields["subject"]
        if any(event.at <= self.erased[it] for it in self.reached(subject) if it in self.erased):
            return None
        return self.path(subject)[-1]


def losers(tombstones: Tombstones, survivor: str) -> list[str]:
    """Those merged into a survivor, the first merged one first."""
    merged = sorted(tombstones.merges.values(), key=lambda merge: merge.order)
    names = [merge.fields["subject"] for merge in merged]
    return [name for name in names if name != survivor and tombstones.path(name)[-1] == survivor]


def kinds_of(event: Event) -> set[bool]:
    """Whether the event means an account; one without a topic means both kinds."""
    topic = event.text("topic")
    return {False, True} if topic is None else {topic in ACCOUNT_TOPICS}


def is_of_rep(subject: str) -> bool:
    """Whether the subject stands for a rep's own efforts."""
    return subject.startswith("rep:")
