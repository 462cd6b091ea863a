"""Merges and erasures among small histories, and the equivalent history without them."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import zip_longest
from math import inf
from typing import Any

from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from streams.engine.calendars.calendar import milliseconds
from streams.events import (
    AccountSet,
    Event,
    SubjectErased,
    SubjectMerged,
    canonical,
    decode,
    order_within,
)
from tests.histories import lines
from tests.histories.strategies import (
    nows,
    settings_of_reporting,
    small_histories,
)
from tests.laws.published import EventDict

Subject = tuple[bool, str]  # whether it is an account, and its name
OF_ACCOUNTS = ("crm.order", "crm.invoice", "crm.ticket")
TOPICS = ("crm.lead", "crm.deal", "crm.invoice", "crm.ticket")
# A lead and an account may share their name without being merged.
NAMES = ("one", "two", "six", "ten")
FIRST = "2000-01-01T00:00:00Z"


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[EventDict], dict[str, Any], int]:
    """Draw a history with merges and erasures, how it is reported, and an instant near its end."""
    names = st.sampled_from(NAMES)
    events = [renamed(event, draw(names)) for event in draw(small_histories())]
    instants = st.sampled_from([event["at"] for event in events] or ["2026-03-01T00:00:00Z"])
    topics = st.sampled_from(({}, *({"topic": topic} for topic in TOPICS)))
    merge = st.fixed_dictionaries(
        {
            "id": st.sampled_from(("m1", "m2", "m3")),
            "type": st.just("subject.merged"),
            "at": instants,
            "subject": names,
            "into": names,
        }
    )
    erasure = st.fixed_dictionaries(
        {
            "id": st.just("x"),
            "type": st.just("subject.erased"),
            "at": instants,
            "subject": names | st.just("rep:ann"),
        }
    )
    wholes = (*draw(st.lists(merge, max_size=7)), *draw(st.lists(erasure, max_size=2)))
    events += [{**whole, **draw(topics)} for whole in wholes]
    return (
        draw(st.permutations(events)),
        draw(settings_of_reporting()),
        draw(nows(events)),
    )


def renamed(event: EventDict, name: str) -> EventDict:
    """Give an event or an account record another name; a rep's own ones keep theirs."""
    if event["type"] == "account.set":
        return {**event, "account": name}
    if "subject" not in event or event["subject"].startswith("rep:"):
        return event
    return {**event, "subject": name}


def decoded(events: Iterable[EventDict]) -> list[Any]:
    """Read events as the product does."""
    return [decode(line) for line in lines(events).splitlines()]


def on_topics(events: Iterable[EventDict]) -> list[EventDict]:
    """Write events on whole subjects that name no topic once for leads, once for accounts."""
    return [
        {**event, **topic}
        for event in events
        for topic in (
            ({"topic": "crm.lead"}, {"topic": "crm.order"})
            if event["type"].startswith("subject.") and "topic" not in event
            else ({},)
        )
    ]


def subject_of(decoded_event: Event) -> Subject:
    """Give the subject of an event."""
    topic = getattr(decoded_event, "on_topic", None) or decoded_event.topic
    return topic in OF_ACCOUNTS, decoded_event.subject


def always_so(events: list[EventDict], now: int) -> list[EventDict]:
    """Write the history in which every event belongs to its merge target from the start.

    Without merges, erasures, what they erase, and what has not happened yet. Ids contain the
    subject that they come from.
    """
    events = [
        event
        for event, read in zip(events, decoded(events), strict=True)
        if milliseconds(read.at) <= now
    ]
    events = on_topics(events)
    found = Wholes(decoded(events))
    plain = known_accounts(events, found)
    for event, decoded_event in zip(events, decoded(events), strict=True):
        if isinstance(decoded_event, AccountSet):
            continue
        if not isinstance(decoded_event, Event):
            plain.append(event)
        elif not isinstance(decoded_event, SubjectMerged | SubjectErased):
            of = subject_of(decoded_event)
            path = found.path(of)
            if not found.is_erased(path, milliseconds(decoded_event.at)):
                plain.append({**event, "id": f"{event['id']}\0{of[1]}", "subject": path[-1][1]})
    return plain


def known_accounts(events: list[EventDict], wholes: "Wholes") -> list[EventDict]:
    """Write what is known of each account, of itself or of those that are this one now."""
    patches: defaultdict[str, dict[str, AccountSet]] = defaultdict(dict)
    records = [record for record in decoded(events) if isinstance(record, AccountSet)]
    for record in sorted(records, key=newness):
        # A later version of one id comes later in the order, too.
        patches[record.account].pop(record.id, None)
        patches[record.account][record.id] = record
    found: list[EventDict] = []
    for name in NAMES:
        fields: EventDict = {"id": name, "type": "account.set", "account": name, "at": FIRST}
        for account in reversed((name, *wholes.merged_into(name))):
            known = fields_of(patches[account].values())
            if known.get("rep"):
                fields["rep"] = known["rep"]
            if known.get("potential"):
                fields |= {it: known.get(it) for it in ("at", "potential", "currency")}
        found.append(fields)
    return found


def fields_of(patches: Iterable[AccountSet]) -> EventDict:
    """Give the fields of an account after its patches, and the time of its potential."""
    found: EventDict = {}
    for patch in patches:
        given = {name: getattr(patch, name) for name in ("rep", "potential", "currency")}
        found |= {name: value for name, value in given.items() if value is not UNSET}
        if given["potential"] is not UNSET:
            found["at"] = patch.at.isoformat()
    return found


def newness(record: Event | AccountSet) -> tuple[int, str, bytes]:
    """Give the order of the records of one account, or of the events of one subject."""
    return milliseconds(record.at), order_within(record), canonical(record)


class Wholes:
    """The merges and erasures of a history."""

    def __init__(self, decoded_events: Iterable[object]) -> None:
        """Read them from decoded events, in any order."""
        self.merges: defaultdict[Subject, list[SubjectMerged]] = defaultdict(list)
        self.erased: defaultdict[Subject, set[int]] = defaultdict(set)
        for event in decoded_events:
            if isinstance(event, SubjectErased):
                self.erased[subject_of(event)].add(milliseconds(event.at))
            elif isinstance(event, SubjectMerged):
                of = subject_of(event)
                # Reps cannot be merged.
                if of[0] or "rep:" not in (of[1][:4], event.into[:4]):
                    self.merges[of].append(event)
        for merges in self.merges.values():
            merges.sort(key=order)
        self._spread_erasures()

    def _spread_erasures(self) -> None:
        """Erase with a subject all that was merged into it at that time or later."""
        is_changed = True
        while is_changed:
            is_changed = False
            for of, merges in self.merges.items():
                for merge, following in zip_longest(merges, merges[1:]):
                    until = milliseconds(following.at) if following else inf
                    with_it = {at for at in self.erased[of[0], merge.into] if at < until}
                    is_changed |= not with_it <= self.erased[of]
                    self.erased[of] |= with_it

    def path(self, of: Subject) -> list[Subject]:
        """Follow the merges from a subject to the one that it is."""
        path = [of]
        while merges := self.merges.get(path[-1]):
            target = (of[0], merges[-1].into)
            if target in path:
                circle = path[path.index(target) :]
                last = max(circle, key=self.turn)
                return [*path, (of[0], self.merges[last][-1].into)]
            path.append(target)
        return path

    def turn(self, of: Subject) -> tuple[int, str, str]:
        """Give the order of a subject's merge among those of others."""
        return *order(self.merges[of][-1])[:2], of[1]

    def merged_into(self, account: str) -> list[str]:
        """Give the accounts that are another now, in the order of their merges."""
        survivor = (True, account)
        paths = {of: self.path(of) for of in self.merges if of[0] and of != survivor}
        found = [
            of
            for of, path in paths.items()
            if path[-1] == survivor
            and not self.is_erased(path, milliseconds(self.merges[of][-1].at))
        ]
        return [name for _, name in sorted(found, key=self.turn)]

    def is_erased(self, path: list[Subject], at: int) -> bool:
        """Tell whether what came a way is erased."""
        return any(at <= max(self.erased[of], default=-1) for of in path)


def order(merge: SubjectMerged) -> tuple[int, str, bytes]:
    """Give the order of a merge among those of all subjects."""
    return newness(replace(merge, subject="-"))
