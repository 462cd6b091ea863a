"""What is changed later is as if it had always been so, in every window that was published.

But for levels, which follow the history: a raised deal had its old amount until then.
Each law puts one change at the end of a small history, and beside it writes the history in which
it had always been so. Whoever followed the live stream has to end where a replay of that one does.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from streams.config.settings import Settings
from tests.histories.strategies import (
    milliseconds,
    nows,
    settings_of_reporting,
    small_histories,
)
from tests.laws.published import (
    EventDict,
    Reader,
    bodies,
)
from tests.laws.test_law_of_sets import Stream

FOCUSES = ("deals", "advances", "targets")
# What comes last, and the history that stands for all of it.
Change = tuple[list[EventDict], list[EventDict]]
Changing = Callable[[list[EventDict], EventDict], Change]


def histories(focus: st.SearchStrategy[str]) -> st.SearchStrategy[list[EventDict]]:
    """Draw histories in which no event is a version of one about something else."""
    return focus.flatmap(small_histories).map(
        lambda events: [
            event | {"id": "-".join((event["id"], event["type"], event.get("deal", "")))}
            for event in events
        ]
    )


def at_the_end(events: list[EventDict], *said: EventDict) -> list[EventDict]:
    """Say something after everything else, a second apart."""
    end = max(milliseconds(event["at"]) for event in events)
    found = []
    for number, each in enumerate(said, 1):
        at = datetime.fromtimestamp(end // 1000 + number + 1, UTC)
        found.append({"id": f"last-{number}", "at": at.isoformat(), **each})
    return found


def is_of(event: EventDict, deal: EventDict) -> bool:
    """Tell whether an event is one of a deal's own."""
    is_deals = event["type"] in ("deal.changed", "deal.deleted")
    return is_deals and all(event[field] == deal[field] for field in ("subject", "deal"))


def patched(field: str, value: str) -> Changing:
    """Let a field of a deal change."""

    def change(events: list[EventDict], deal: EventDict) -> Change:
        last = at_the_end(events, {**deal, "type": "deal.changed", field: value})
        always = [
            event | {field: value} if is_of(event, deal) and field in event else event
            for event in events
        ]
        return last, [*always, *last]

    return change


def deleted(events: list[EventDict], deal: EventDict) -> Change:
    """Let a deal go: it never was.

    That it went is heard of its subject nevertheless, whose other deals are less stale for it:
    so something else is said at the end.
    """
    call = {"type": "call.ended", "subject": deal["subject"], "rep": "ann"}
    call |= {"direction": "outbound", "outcome": "busy"}
    last = at_the_end(events, {**deal, "type": "deal.deleted"}, call)
    return last, [*(event for event in events if not is_of(event, deal)), last[1]]


def revived(events: list[EventDict], deal: EventDict) -> Change:
    """Let a deal go and come back: it was never gone."""
    back = {**deal, "type": "deal.changed", "stage": "offer"}
    last = at_the_end(events, {**deal, "type": "deal.deleted"}, back)
    always = [e for e in events if not (is_of(e, deal) and e["type"] == "deal.deleted")]
    return last, [*always, last[1]]


# What counts each of a subject's events, or each instant at which a deal was open or priced.
OF_EVENTS = ("stale_opportunities",)
OF_HISTORY = (
    *("pipeline_count", "pipeline_amount", "pipeline_weighted", "expired_pipeline"),
    *("sales_velocity", "pipeline_coverage", "unpriced_facts", *OF_EVENTS),
)
CHANGES: dict[str, tuple[Changing, tuple[str, ...]]] = {
    "owner": (patched("rep", "dan"), ()),
    "amount": (patched("amount", "777.70"), OF_HISTORY),
    "currency": (patched("currency", "USD"), OF_HISTORY),
    "re-opened": (patched("status", "open"), OF_HISTORY),
    "deleted": (deleted, OF_EVENTS),
    "revived": (revived, OF_EVENTS),
}


# There are many kinds of changes.
@settings(max_examples=max(1, settings().max_examples // 2))
@pytest.mark.parametrize(("change", "history"), CHANGES.values(), ids=CHANGES)
@given(data=st.data())
def test_changed_deal_has_always_been_so(
    change: Changing, history: tuple[str, ...], data: st.DataObject
) -> None:
    events = data.draw(histories(st.sampled_from(FOCUSES)))
    changes = [event for event in events if event["type"] == "deal.changed"]
    assume(changes)
    chosen = data.draw(st.sampled_from(changes))
    deal = {field: chosen[field] for field in ("subject", "deal")}
    last, always = change(events, deal)
    end_the_same(data, events, last, always, history)


@given(data=st.data())
def test_rep_who_changes_team_has_always_been_there(data: st.DataObject) -> None:
    events = data.draw(histories(st.sampled_from(FOCUSES)))
    assume(events)
    now_in: EventDict = {"type": "rep.set", "rep": "ann", "team": "new", "unit": "abroad"}
    now_in |= {"department": None, "timezone": None}
    last = at_the_end(events, now_in)
    others = [e for e in events if not (e["type"] == "rep.set" and e["rep"] == "ann")]
    end_the_same(data, events, last, [*others, *last])


@given(data=st.data())
def test_rate_that_is_mended_has_always_been_so(data: st.DataObject) -> None:
    events = data.draw(histories(st.just("deals")))
    rates = [event for event in events if event["type"] == "rate.set"]
    assume(rates)
    of = {field: data.draw(st.sampled_from(rates))[field] for field in ("currency", "date")}
    last = at_the_end(events, {"type": "rate.set", **of, "rate": "1.7321"})
    others = [
        event
        for event in events
        if not (event["type"] == "rate.set" and all(event[it] == of[it] for it in of))
    ]
    end_the_same(data, events, last, [*others, *last])


def end_the_same(
    data: st.DataObject,
    events: list[EventDict],
    last: list[EventDict],
    always: list[EventDict],
    history: tuple[str, ...] = (),
) -> None:
    """Follow a history live, then its change, and compare with the other one's replay.

    But for the KPIs of its history. The instant is not before the change, which would wait.
    """
    options = data.draw(settings_of_reporting())
    changed = max(milliseconds(event["at"]) for event in last)
    now = max(changed, data.draw(nows([*events, *last])))
    settings = Settings(now=now, **options)
    stream, reader = Stream(replace(Settings(), **options), now), Reader()
    for some in (events, last):
        stream.process(some, now)
        reader.read(stream.mergers)
    expected = bodies(always, settings)
    found, wanted = (
        {name: it for name, it in records.items() if name.partition("|")[0] not in history}
        for records in (reader.records, expected)
    )
    assert found == wanted
