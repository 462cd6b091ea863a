"""Merges and erasures among small histories, and the history they stand for, written plainly."""

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from streams.engine.calendars.calendar import milliseconds
from streams.events import (
    Event,
    SubjectErased,
    SubjectMerged,
    canonical,
    decode,
)
from tests.histories import lines
from tests.histories.strategies import (
    nows,
    settings_of_reporting,
    small_histories,
)
from tests.laws.published import Said

Subject = tuple[bool, str]  # whether it is an account, and its name
OF_ACCOUNTS = ("crm.order", "crm.invoice", "crm.ticket")
TOPICS = ("crm.lead", "crm.deal", "crm.invoice", "crm.ticket")
# A lead and an account may share their name; that they do has nothing to do with merging.
NAMES = ("one", "two", "six", "ten")


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Said], dict[str, Any], int]:
    """Draw a history with merges and erasures, how it is reported, and an instant near its end."""
    names = st.sampled_from(NAMES)
    events = [
        said if is_fixed(said) else {**said, "subject": draw(names)}
        for said in draw(small_histories())
    ]
    instants = st.sampled_from([said["at"] for said in events] or ["2026-03-01T00:00:00Z"])
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


def is_fixed(said: Said) -> bool:
    """Tell whether an event is nobody's, or a rep's own."""
    return "subject" not in said or said["subject"].startswith("rep:")


def decoded(events: Iterable[Said]) -> list[Any]:
    """Read events as the product does."""
    return [decode(line) for line in lines(events).splitlines()]


def subject_of(event: Event) -> Subject:
    """Say whom an event is about."""
    topic = getattr(event, "on_topic", None) or event.topic
    return topic in OF_ACCOUNTS, event.subject


def always_so(events: list[Said]) -> list[Said]:
    """Write the history in which every event is its survivor's from the start.

    Without merges, erasures and what they erase. Ids are told apart by where they come from.
    """
    merged: dict[Subject, SubjectMerged] = {}
    erased: dict[Subject, int] = {}
    for event in decoded(events):
        if isinstance(event, SubjectMerged):
            of = subject_of(event)
            # A rep is nobody's duplicate: what has no lead stays where it is.
            if not of[0] and "rep:" in (of[1][:4], event.into[:4]):
                continue
            if of not in merged or order(event) > order(merged[of]):
                merged[of] = event
        elif isinstance(event, SubjectErased):
            of = subject_of(event)
            erased[of] = max(erased.get(of, 0), milliseconds(event.at))
    told: list[Said] = []
    for said, event in zip(events, decoded(events), strict=True):
        if not isinstance(event, Event):
            told.append(said)
        elif not isinstance(event, SubjectMerged | SubjectErased):
            path = way(subject_of(event), merged)
            if all(milliseconds(event.at) > erased.get(of, -1) for of in path):
                name = f"{said['id']}\0{path[0][1]}"
                told.append({**said, "id": name, "subject": path[-1][1]})
    return told


def order(event: SubjectMerged) -> tuple[int, str, bytes]:
    """Say by what one merge stands before another."""
    return milliseconds(event.at), event.id, canonical(event)


def way(of: Subject, merged: dict[Subject, SubjectMerged]) -> list[Subject]:
    """Follow the merges from a subject on, up to the first that was passed already."""
    path = [of]
    while path[-1] in merged:
        target = (of[0], merged[path[-1]].into)
        if target in path:
            break
        path.append(target)
    return path
