"""Who belongs where today: the newest record stands, in any order, and reps stay apart."""

import json
from datetime import date
from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.merge.merger import Merger
from streams.engine.merge.state.organisation import Organisation
from streams.events import RepSet, decode
from streams.wiring.catalogue import catalogue
from tests.kpis.story import instant, member

NOW = instant("03-20 12:00")
DAY = date(2026, 3, 20).toordinal()
CALL = {"call_count": {"n": 1}}


def record(rep: str, at: str = "01-01 00:00", **groups: str) -> RepSet:
    """Put a rep into groups."""
    found = decode(json.dumps(member(rep, at, **groups)).encode())
    assert isinstance(found, RepSet)
    return found


RECORDS = st.lists(
    st.builds(
        record,
        st.sampled_from(("ann", "bob")),
        st.sampled_from(("01-01 00:00", "01-02 00:00")),
        team=st.sampled_from(("north", "south", "")),
        unit=st.sampled_from(("europe", "asia")),
    ),
    max_size=6,
)


@given(RECORDS, st.data())
def test_records_give_the_same_groups_in_any_order(
    records: list[RepSet], data: st.DataObject
) -> None:
    one, other = Organisation(), Organisation()
    for each in records:
        one.update(each)
    for each in data.draw(st.permutations(records)):
        other.update(each)
    for rep in ("ann", "bob"):
        assert one.groups(f"rep={rep}") == other.groups(f"rep={rep}")


def test_only_reps_have_groups() -> None:
    organisation = Organisation()
    organisation.update(record("ann", team="north", unit="europe"))
    assert organisation.groups("rep=ann") == ("team=north", "unit=europe")
    assert organisation.groups("channel=ann") == ()
    assert organisation.groups("rep=bob") == ()
    assert organisation.groups("") == ()


def published(merger: Merger) -> dict[str, Any]:
    """Take a merger's values of today by scope."""
    window = "|day|2026-03-20T00:00:00+00:00"
    return {
        key.removeprefix("call_count|").removesuffix(window): json.loads(body + b"}")["value"]
        for key, body, _ in merger.publications()
        if body and key.endswith(window)
    }


def merger_of(cell: str, rep: RepSet, first: str) -> Merger:
    """Give a merger that hears of a cell and of a rep, one of them first."""
    merger = Merger(catalogue(Settings()), NOW)
    if first == "rep":
        merger.add_reference(rep)
    merger.set_partial(0, cell, CALL)
    if first == "cell":
        merger.add_reference(rep)
    return merger


def test_team_has_its_reps_calls_whichever_is_known_first() -> None:
    for first in ("rep", "cell"):
        merger = merger_of(f"{DAY}|rep=ann", record("ann", team="north"), first)
        assert published(merger) == {"rep=ann": 1, "team=north": 1}


def test_rep_who_changes_team_leaves_nothing_behind() -> None:
    merger = merger_of(f"{DAY}|rep=ann", record("ann", team="north", unit="europe"), "rep")
    merger.add_reference(record("ann", "01-02 00:00", team="south", unit="europe"))
    assert published(merger) == {"rep=ann": 1, "team=south": 1, "unit=europe": 1}
    merger.add_reference(record("ann", "01-03 00:00", team="", unit=""))
    gone = {key: body for key, body, _ in merger.publications()}
    assert gone["call_count|team=south|day|2026-03-20T00:00:00+00:00"] is None
    assert gone["call_count|unit=europe|day|2026-03-20T00:00:00+00:00"] is None


def test_rep_whose_name_ends_like_another_reps_scope_is_not_that_rep() -> None:
    for first in ("rep", "cell"):
        merger = merger_of(f"{DAY}|rep=x|rep=ann", record("ann", team="north"), first)
        assert published(merger) == {"rep=x|rep=ann": 1}


def test_record_of_a_rep_is_a_patch() -> None:
    patches = [
        record("ann", "01-01 00:00", team="north", unit="europe"),
        record("ann", "01-02 00:00", unit="asia", department="field"),
        record("ann", "01-03 00:00", department=""),
    ]
    for order in permutations(patches):
        organisation = Organisation()
        for each in order:
            organisation.update(each)
        assert organisation.groups("rep=ann") == ("team=north", "unit=asia")


def test_of_records_of_one_millisecond_the_greater_id_stands() -> None:
    organisation = Organisation()
    records = {
        "e4": {"at": "2026-01-01T00:00:00.999000Z", "team": "north"},
        "e16": {"at": "2026-01-01T00:00:00.999999Z", "team": "south"},
    }
    for name, fields in records.items():
        record = {"type": "rep.set", "id": name, "rep": "ann", **fields}
        decoded = decode(json.dumps(record).encode())
        assert isinstance(decoded, RepSet)
        organisation.update(decoded)
    assert organisation.groups("rep=ann") == ("team=north",)
