"""Merges and erasures among small histories, and the equivalent history without them."""

from collections.abc import Iterable, Iterator
from typing import Any

from hypothesis import strategies as st

from streams.events import decode
from tests.histories import lines
from tests.histories.strategies import (
    nows,
    settings_of_reporting,
    small_histories,
    without_unclear,
)
from tests.laws.published import EventDict
from tests.oracle.entities.accounts import Accounts
from tests.oracle.history.events import (
    ACCOUNT_TYPES,
    REFERENCE_TYPES,
    TOMBSTONE_TYPES,
    Event,
    id_order,
    known_at,
    latest,
    milliseconds,
    read,
)
from tests.oracle.history.tombstones import Tombstones

TOPICS = ("crm.lead", "crm.deal", "crm.invoice", "crm.ticket")
# A lead and an account may share their name without being merged.
NAMES = ("one", "two", "six", "ten")
FIVE_DAYS = [f"2026-03-0{day}T09:00:00Z" for day in range(1, 6)]
OF_ACCOUNTS: dict[str, EventDict] = {
    "account.set": {"potential": "1000", "currency": "EUR"},
    "subject.merged": {"topic": "crm.order"},
    "subject.erased": {},
    "ticket.opened": {"kind": "complaint"},
    "invoice.issued": {"amount": "100", "currency": "EUR", "due": "2026-03-31"},
}


@st.composite
def stories_of_accounts(draw: st.DrawFn) -> tuple[list[EventDict], dict[str, Any], int]:
    """Draw what `stories` gives, about merged and erased accounts alone.

    One of which a rep is known is merged into another; one of the two is erased, and complains:
    on five days, in any order. Anything of the kind may happen besides.
    """
    loser, survivor, third = draw(st.permutations(NAMES[:3]))
    pair, days = st.sampled_from((loser, survivor)), st.sampled_from(FIVE_DAYS)
    core = (
        ("account.set", loser, third),
        ("subject.merged", loser, survivor),
        ("subject.erased", draw(pair), third),
        ("ticket.opened", draw(pair), third),
    )
    names = st.sampled_from((loser, survivor, third))
    more = draw(st.lists(st.tuples(st.sampled_from([*OF_ACCOUNTS]), names, names), max_size=5))
    events = [of_account(number, *event, draw(days)) for number, event in enumerate((*core, *more))]
    now = milliseconds(draw(st.sampled_from((FIVE_DAYS[-1], *FIVE_DAYS))))
    return draw(st.permutations(events)), draw(settings_of_reporting()), now


def of_account(number: int, kind: str, account: str, other: str, at: str) -> EventDict:
    """Write an event of an account, whose number is its id and what it is about."""
    name = str(number)
    event = {"id": name, "type": kind, "at": at, "subject": account, **OF_ACCOUNTS[kind]}
    if kind == "account.set":
        return {**event, "account": account, "rep": None if number % 3 else f"rep-{number}"}
    return event | {"into": other, "ticket": name, "invoice": name}


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[EventDict], dict[str, Any], int]:
    """Draw a history with merges and erasures, how it is reported, and an instant near its end."""
    names = st.sampled_from(NAMES)
    events = [
        event if is_fixed(event) else {**event, named(event): draw(names)}
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
    events = without_unclear([*events, *({**whole, **draw(topics)} for whole in wholes)])
    return (
        draw(st.permutations(events)),
        draw(settings_of_reporting()),
        draw(nows(events)),
    )


def is_fixed(event: EventDict) -> bool:
    """Whether an event is of no subject, or a rep's own."""
    return bool(event.get(named(event), "rep:").startswith("rep:"))


def named(event: EventDict) -> str:
    """The field that names whose event or record it is."""
    return "account" if event["type"] == "account.set" else "subject"


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
            if event["type"].startswith("subject.") and event.get("topic") is None
            else ({},)
        )
    ]


def always_so(events: list[EventDict], now: int) -> list[EventDict]:
    """Write the history in which every event belongs to its merge target from the start.

    It is that of an instant: without merges, erasures, what they erase, and what comes later.
    """
    known = known_at(map(read, events), now)
    of_leads, of_accounts = (Tombstones(known, of_accounts=it) for it in (False, True))
    kept: list[tuple[Event, EventDict]] = []
    plain: list[EventDict] = []
    for event in events:
        one = read(event)
        if one.at > now or one.type in TOMBSTONE_TYPES or one.type == "account.set":
            continue
        if one.type in REFERENCE_TYPES:
            plain.append(event)
            continue
        owner = (of_accounts if one.type in ACCOUNT_TYPES else of_leads).owner(one)
        if owner is not None:
            kept.append((one, {**event, "subject": owner}))
    return [*plain, *merged_accounts(known, of_accounts), *numbered(kept)]


def numbered(kept: list[tuple[Event, EventDict]]) -> list[EventDict]:
    """Give events of several subjects ids that do not clash, in the order of their own."""

    def origin(event: Event) -> tuple[Any, ...]:
        return id_order(event.id), event.type, event.fields["subject"]

    origins = sorted({origin(one) for one, _ in kept})
    numbers = {found: str(number) for number, found in enumerate(origins)}
    return [{**event, "id": numbers[origin(one)]} for one, event in kept]


def merged_accounts(known: list[Event], tombstones: Tombstones) -> Iterator[EventDict]:
    """Write what is known of accounts as if the merged ones had been one from the start."""
    accounts = Accounts(known, tombstones)
    for account in {tombstones.path(name)[-1] for name in accounts.records}:
        records = [*accounts.merged(account)]
        fields = {field: first(records, field) for field in ("rep", "segment")}
        priced = next((it for it in records if latest(it, "potential")), [])
        fields |= {field: latest(priced, field) for field in ("potential", "currency")}
        at = max(
            (it.fields["at"] for it in priced if it.text("potential") == fields["potential"]),
            key=milliseconds,
            default=records[0][0].fields["at"],
        )
        known_of = {field: value for field, value in fields.items() if value is not None}
        yield {"id": account, "type": "account.set", "at": at, "account": account} | known_of


def first(merged: Iterable[list[Event]], field: str) -> str | None:
    """The value of a field in the first of several accounts that has one."""
    return next((value for it in merged if (value := latest(it, field))), None)
