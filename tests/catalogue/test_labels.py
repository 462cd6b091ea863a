"""Records by label when there are more labels than anybody reads, by hand."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.algebra.measures import SHARES, Labelled, Vector, add
from streams.events import Event, decode
from streams.internal_topics.partials import encode
from streams.output.records.kpi_record import CountsParts, Record
from streams.wiring.catalogue import catalogue
from tests.kpis.story import (
    NOW,
    Said,
    activity,
    deal,
    instant,
    lost,
    quoted,
    told,
)


def losses(*numbers: tuple[str, int]) -> Iterator[Said]:
    """Give so many lost deals for each reason."""
    for reason, number in numbers:
        for n in range(number):
            yield lost("03-10 09:00", f"{reason}-{n}", reason=reason, rep="ann")


def reasons(first: int, end: int) -> list[tuple[str, int]]:
    """Give reasons with one loss each."""
    return [(f"reason {n:03}", 1) for n in range(first, end)]


def test_record_shows_the_hundred_largest_labels_and_the_rest_as_other() -> None:
    found = told(*losses(*reasons(0, 258), ("price", 2), ("timing", 3)))
    counts = found.parts("lost_reasons")
    # Price, timing and the first 98 by name; 160 more have one each.
    assert counts == {"price": 2, "timing": 3, **dict(reasons(0, 98)), "other": 160}
    assert found["lost_reasons"] == sum(counts.values()) == 263
    assert found.parts("lost_reasons", "rep=ann") == counts


def test_hundred_labels_are_all_shown() -> None:
    assert told(*losses(*reasons(0, 100))).parts("lost_reasons") == dict(reasons(0, 100))
    counts = told(*losses(*reasons(0, 101))).parts("lost_reasons")
    assert counts == {**dict(reasons(0, 100)), "other": 1}


def test_what_is_itself_called_other_is_with_the_rest() -> None:
    counts = told(*losses(*reasons(0, 110), ("other", 5))).parts("lost_reasons")
    # It is among the hundred; eleven more have one each.
    assert counts == {**dict(reasons(0, 99)), "other": 5 + 11}
    # With fewer labels it is one like any.
    assert told(*losses(("other", 5))).parts("lost_reasons") == {"other": 5}


def test_label_that_is_taken_back_lets_another_be_shown() -> None:
    events = [*losses(*reasons(0, 101)), deal("03-11 09:00", "reason 000-0", status="open")]
    assert told(*events).parts("lost_reasons") == dict(reasons(1, 101))


def test_every_kpi_by_label_is_bounded() -> None:
    found = told(
        *(deal("03-10 09:00", f"d{n}", stage=f"stage {n:03}") for n in range(260)),
        *(
            activity(f"03-10 {9 + n // 60:02}:{n % 60:02}", "collateral", asset=f"a{n:03}")
            for n in range(260)
        ),
        *(
            said
            for n in range(260)
            for said in (
                quoted("03-10 09:00", f"q{n}"),
                quoted("03-10 10:00", f"q{n}", "rejected", unmet_demand=f"u{n:03}"),
            )
        ),
    )
    for kpi in ("stage_entries", "collateral_use", "unmet_demand"):
        counts = found.parts(kpi)
        assert (len(counts), counts["other"]) == (101, 160), kpi


def test_shares_by_label_show_the_largest_and_the_rest_as_other() -> None:
    vector: Vector = {}
    for n in range(260):
        add(vector, dict(SHARES.components(Labelled(f"{n:03}", n % 2 == 0))))
    add(vector, dict(SHARES.components(Labelled("259", True))))
    parts: dict[str, Any] = dict(SHARES.parts(vector))
    # 259 has two; 000 to 098 one each. Of the 160 others the even ones are hits: 100 to 258.
    assert len(parts["by"]) == 101
    assert parts["by"]["259"] == {"hits": 1, "total": 2}
    assert (parts["by"]["000"], parts["by"]["001"]) == (
        {"hits": 1, "total": 1},
        {"hits": 0, "total": 1},
    )
    assert parts["by"]["other"] == {"hits": 80, "total": 160}
    assert sum(each["hits"] for each in parts["by"].values()) == parts["hits"] == 131


def test_records_and_partials_of_reasons_of_four_kilobytes_are_far_from_what_kafka_refuses() -> (
    None
):
    smiles = "\N{GRINNING FACE}" * 1_000
    events = [
        lost("03-10 09:00", f"d{n}", reason=f"{n:04}{smiles}") | {"id": f"loss-{n}"}
        for n in range(260)
    ]
    record = told(*events).record("lost_reasons")
    assert record is not None
    counts = msgspec.convert(record, Record[int, CountsParts, float]).parts.counts
    assert (len(counts), counts["other"], sum(counts.values())) == (101, 160, 260)
    assert {len(label) for label in counts} == {200, len("other")}
    assert len(json.dumps(record, ensure_ascii=False).encode()) < 100_000
    now = instant(NOW)
    aggregator = Aggregator(catalogue(Settings()), now)
    for fields in events:
        event = decode(json.dumps(fields).encode())
        assert isinstance(event, Event)
        aggregator.add(event)
    partials = [encode(cell) or b"" for cell in aggregator.apply_all_pending(now).values()]
    assert 100_000 < max(map(len, partials)) < 300_000
