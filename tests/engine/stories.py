"""Stories with values by hand, as of some instants on the way."""

from dataclasses import dataclass, field
from typing import Any

from tests.kpis.story import (
    DAY,
    MINUTE,
    Said,
    Told,
    account,
    activity,
    call,
    deal,
    invoice,
    lead,
    member,
    paid,
    said,
    target,
    won,
)


@dataclass(frozen=True)
class Record:
    """What a record says, or that it is not there."""

    place: tuple[str, str, str, str]
    fields: dict[str, Any] | None

    def is_in(self, found: Told) -> bool:
        """Compare with what is published; the difference is part of the failure."""
        record = found.record(*self.place)
        if self.fields is None or record is None:
            assert record is self.fields, self.place
        else:
            assert {name: record[name] for name in self.fields} == self.fields, self.place
        return True


def month(kpi: str, scope: str, number: int, **fields: Any) -> Record:
    """Expect fields of a month of 2026; without fields, that there is no record."""
    return Record((kpi, scope, "month", f"2026-{number:02}"), fields or None)


@dataclass(frozen=True)
class Story:
    """What happens, and what is published at some instants on the way."""

    events: list[Said]
    then: dict[str, list[Record]]
    options: dict[str, Any] = field(default_factory=dict)


STORIES: dict[str, Story] = {}

STORIES["a deal that was re-opened was not open in between"] = Story(
    [
        deal("09-01 09:00", "deal-1", amount="100.00", rep="ann", status="open"),
        deal("10-01 09:00", "deal-1", status="lost"),
        deal("11-01 09:00", "deal-1", status="open"),
        deal("10-05 09:00", "deal-2", amount="7.00", rep="ann", status="open"),
    ],
    {
        "10-20 12:00": [month("pipeline_amount", "rep=ann", 10, value="7.00")],
        "11-20 12:00": [
            month("pipeline_count", "rep=ann", 10, value=1),
            month("pipeline_amount", "rep=ann", 10, value="7.00"),
            month("pipeline_count", "rep=ann", 11, value=2),
            month("pipeline_amount", "rep=ann", 11, value="107.00"),
        ],
    },
)
STORIES["a deal stands with its amount and stage of then"] = Story(
    [
        deal("10-20 09:00", amount="1000", stage="discovery", status="open"),
        deal("11-15 09:00", amount="5000", stage="proposal"),
    ],
    {
        "11-14 12:00": [month("pipeline_amount", "stage=discovery", 11, value="1000.00")],
        "11-20 12:00": [
            month("pipeline_amount", "all", 10, value="1000.00"),
            month("pipeline_amount", "stage=discovery", 10, value="1000.00"),
            month("pipeline_amount", "stage=proposal", 10),
            month("pipeline_amount", "all", 11, change="4000.00"),
            month("pipeline_amount", "stage=discovery", 11, value="0.00"),
        ],
    },
)
STORIES["what comes later counts in no way"] = Story(
    [
        lead("03-01 09:00"),
        deal("03-02 09:00", amount="100", rep="ann", status="open"),
        deal("03-08 09:00", amount="300", rep="bob", status="won"),
        call("03-09 09:00"),
    ],
    {
        "03-05 12:00": [
            month("deal_conversion", "all", 3, parts={"hits": 0, "total": 1}),
            month("response_time", "all", 3),
            month("pipeline_amount", "rep=ann", 3, value="100.00"),
        ],
        "03-10 12:00": [
            month("deal_conversion", "all", 3, parts={"hits": 1, "total": 1}),
            month("revenue_won", "rep=bob", 3, value="300.00"),
            month("response_time", "all", 3, value=8 * DAY),
            month("cycle_time", "rep=bob", 3, value=7 * DAY),
            month("pipeline_amount", "rep=ann", 3),
        ],
    },
)


def staged(*stages: str) -> list[Said]:
    """Move a deal of Ann's through stages, one a day from the third on; a meeting on the fifth."""
    moved = [deal(f"03-{3 + n:02} 09:00", stage=name, rep="ann") for n, name in enumerate(stages)]
    return [member("ann", team="north"), *moved, activity("03-04 12:00", "meeting")]


ORDERED = {"stages": ("a", "b", "c", "d")}
STORIES["a stage converts by every later entry"] = Story(
    staged("c", "a", "c"),
    {
        "03-04 12:00": [month("stage_conversion", "stage=a", 3, parts={"hits": 0, "total": 1})],
        "03-20 12:00": [
            month("stage_conversion", "stage=a", 3, parts={"hits": 1, "total": 1}),
            month("stage_conversion", "stage=c", 3, parts={"hits": 0, "total": 1}),
            month("advance_rate", "team=north", 3, value=1.0),
        ],
    },
    ORDERED,
)
STORIES["a meeting advances from the stage just left"] = Story(
    staged("a", "c", "b"),
    {"03-20 12:00": [month("advance_rate", "team=north", 3, value=0.0)]},
    ORDERED,
)


def hour(start: str, end: str, waited: int, previous: int | None) -> Record:
    """Expect how long leads of an hour of 5 April waited, in minutes."""
    began = None if previous is None else previous * MINUTE
    fields = {"value": waited * MINUTE, "previous": began, "end": f"2026-04-05T{end}"}
    return Record(("response_time", "all", "hour", f"2026-04-05T{start}"), fields)


# The clock of Lord Howe is set back from 02:00 to 01:30, at 15:00 UTC.
STORIES["hours follow each other where the clock changes by half an hour"] = Story(
    [
        lead("04-04 14:40", "lead-1"),
        call("04-04 14:50", "lead-1"),
        lead("04-04 15:05", "lead-2"),
        call("04-04 15:25", "lead-2"),
        lead("04-04 15:40", "lead-3"),
        call("04-04 15:55", "lead-3"),
    ],
    {
        "04-04 15:29": [hour("01:30:00+10:30", "02:00:00+10:30", 20, 10)],
        "04-06 12:00": [
            hour("01:00:00+11:00", "01:30:00+10:30", 10, None),
            hour("01:30:00+10:30", "02:00:00+10:30", 20, 10),
            hour("02:00:00+10:30", "03:00:00+10:30", 15, 20),
        ],
    },
    {"timezone": "Australia/Lord_Howe"},
)
SECOND = [Record(("pipeline_amount", "rep=small", "day", "2026-06-10"), {"rank": 2})]
STORIES["ranks of a level stay after midnight"] = Story(
    [
        deal("06-01 09:00", "deal-1", amount="1000000", rep="big", status="open"),
        deal("06-10 09:00", "deal-2", amount="10", rep="small", status="open"),
    ],
    {
        "2026-06-10T23:00:00+02:00": SECOND,
        "2026-06-11T00:00:00+02:00": SECOND,
        "06-20 12:00": SECOND,
    },
)
MISSED = {"value": "0.00", "target": "1000.00", "met": False}
STORIES["a month that missed its target stays"] = Story(
    [
        target("revenue_won", "1000", scope={"rep": "ann"}, at="2025-12-31T23:00:00Z"),
        won("03-10 09:00", amount="1500", rep="ann"),
    ],
    {
        "05-20 12:00": [month("revenue_won", "rep=ann", 5, final=False, **MISSED)],
        "06-01 12:00": [
            month("revenue_won", "rep=ann", 1, **MISSED),
            month("revenue_won", "rep=ann", 3, value="1500.00", met=True),
            month("revenue_won", "rep=ann", 5, **MISSED),
        ],
        "2027-06-01T12:00:00Z": [month("revenue_won", "rep=ann", 5, final=True, **MISSED)],
    },
)
STORIES["an invoice that is corrected was so from its first issue on"] = Story(
    [
        invoice("11-01 09:00", "100", due="11-30"),
        invoice("11-05 09:00", "80", due="11-30"),
        paid("11-11 09:00", "80"),
    ],
    {
        "11-04 12:00": [month("receivables", "all", 11, value="100.00")],
        "11-06 12:00": [month("receivables", "all", 11, value="80.00")],
        "11-20 12:00": [
            month("collected", "all", 11, value="80.00"),
            month("receivables", "all", 11, value="0.00"),
            month("days_to_pay", "all", 11, value=10 * DAY),
        ],
    },
)
STORIES["an invoice paid before it was issued took no time"] = Story(
    [paid("11-01 09:00", "100"), invoice("11-06 09:00", "100", due="11-30")],
    {
        "11-02 12:00": [month("days_to_pay", "all", 11)],
        "11-20 12:00": [
            month("days_to_pay", "all", 11, value=0),
            month("receivables", "all", 11, value="0.00"),
        ],
    },
)
STORIES["an invoice voided and issued again is owed"] = Story(
    [
        invoice("11-01 09:00", "100", due="11-30"),
        said("invoice.voided", "11-03 09:00", subject="acme", invoice="invoice-1"),
        invoice("11-05 09:00", "100", due="11-30"),
    ],
    {
        "11-04 12:00": [month("receivables", "all", 11)],
        "11-20 12:00": [month("receivables", "account=acme", 11, value="100.00")],
    },
)


def assigned(at: str, rep: str | None) -> Said:
    """Give the lead to a rep, or back."""
    return said("lead.assigned", at, subject="lead-1", rep=rep)


STORIES["a subject has a rep without being a lead"] = Story(
    [
        assigned("03-01 09:00", "ann"),
        won("03-02 09:00"),
        assigned("03-05 09:00", None),
        assigned("03-07 09:00", "bob"),
    ],
    {
        "03-04 12:00": [
            month("deal_count", "rep=ann", 3, value=1),
            month("lead_count", "all", 3),
        ],
        "03-06 12:00": [
            month("deal_count", "rep=ann", 3),
            month("deal_count", "all", 3, value=1),
        ],
        "03-20 12:00": [month("deal_count", "rep=bob", 3, value=1)],
    },
)
STORIES["accounts in a circle know what one of them knows"] = Story(
    [
        account("a", at="02-01 00:00", rep="ann", potential="1000", currency="EUR"),
        invoice("03-02 09:00", "100", due="03-31", subject="a"),
        invoice("03-02 09:00", "7", due="03-31", name="invoice-2", subject="b"),
        said("subject.merged", "03-05 09:00", subject="a", into="b"),
        said("subject.merged", "03-06 09:00", subject="b", into="a"),
        said("subject.erased", "03-12 09:00", subject="b"),
    ],
    {
        "03-05 12:00": [
            month("receivables", "account=b", 3, value="107.00"),
            month("receivables", "rep=ann", 3, value="107.00"),
            month("wallet_share", "account=b", 3, value=0.107),
        ],
        "03-06 12:00": [
            month("receivables", "account=a", 3, value="107.00"),
            month("receivables", "account=b", 3),
        ],
        "03-20 12:00": [month("receivables", "all", 3), month("wallet_share", "account=a", 3)],
    },
)
