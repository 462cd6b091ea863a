"""Merges and erasures among small histories, and the equivalent history without them."""

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
from tests.laws.published import EventDict

Subject = tuple[bool, str]  # whether it is an account, and its name
OF_ACCOUNTS = ("crm.order", "crm.invoice", "crm.ticket")
TOPICS = ("crm.lead", "crm.deal", "crm.invoice", "crm.ticket")
# A lead and an account may share their name without being merged.
NAMES = ("one", "two", "six", "ten")


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[EventDict], dict[str, Any], int]:
    """Draw a history with merges and erasures, how it is reported, and an instant near its end."""
    names = st.sampled_from(NAMES)
    events = [
        event if is_fixed(event) else {**event, "subject": draw(names)}
        for event in draw(small_histories())
    ]
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


def is_fixed(event: EventDict) -> bool:
    """Tell whether an event is nobody's, or a rep's own."""
    return "subject" not in event or event["subject"].startswith("rep:")


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


def always_so(events: list[EventDict]) -> list[EventDict]:
    """Write the history in which every event belongs to its merge target from the start.

    Without merges, erasures and what they erase. Ids contain the subject that they come from.
    """
    merged: dict[Subject, SubjectMerged] = {}
    erased: dict[Subject, int] = {}
    events = on_topics(events)
    for decoded_event in decoded(events):
        if isinstance(decoded_event, SubjectMerged):
            of = subject_of(decoded_event)
            # Reps cannot be merged.
            if not of[0] and "rep:" in (of[1][:4], decoded_event.into[:4]):
                continue
            if of not in merged or order(decoded_event) > order(merged[of]):
                merged[of] = decoded_event
        elif isinstance(decoded_event, SubjectErased):
            of = subject_of(decoded_event)
            erased[of] = max(erased.get(of, 0), milliseconds(decoded_event.at))
    plain: list[EventDict] = []
    for event, decoded_event in zip(events, decoded(events), strict=True):
        if not isinstance(decoded_event, Event):
            plain.append(event)
        elif not isinstance(decoded_event, SubjectMerged | SubjectErased):
            path = way(subject_of(decoded_event), merged)
            if all(milliseconds(decoded_event.at) > erased.get(of, -1) for of in path):
                name = f"{event['id']}\0{path[0][1]}"
                plain.append({**event, "id": name, "subject": path[-1][1]})
    return plain


def order(decoded_event: SubjectMerged) -> tuple[int, str, bytes]:
    """Give the order of a merge among those of one subject."""
    return milliseconds(decoded_event.at), decoded_event.id, canonical(decoded_event)


def way(of: Subject, merged: dict[Subject, SubjectMerged]) -> list[Subject]:
    """Follow the merges from a subject on, up to the first repetition."""
    path = [of]
    while path[-1] in merged:
        target = (of[0], merged[path[-1]].into)
        if target in path:
            break
        path.append(target)
    return path
