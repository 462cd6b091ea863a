"""A shard that is given its rows back counts what they hold once, whatever it heard before."""

import json

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.events import (
    Event,
    ReferenceRecord,
    decode,
)
from streams.wiring.catalogue import catalogue
from tests.kpis.story import (
    account,
    instant,
    spent,
    ticket,
)

NOW = instant("03-20 12:00")


def test_reference_heard_before_the_rows_are_back_counts_nothing_twice() -> None:
    terms = catalogue(Settings(now=NOW))
    before, after = Aggregator(terms, NOW), Aggregator(terms, NOW)
    elements = []
    for said in (
        ticket("03-02 09:00", "complaint"),
        account(rep="ann"),
        spent("03-03 09:00", "5"),
    ):
        record = decode(json.dumps(said).encode())
        if isinstance(record, Event):
            elements += before.add(record)
        elif isinstance(record, ReferenceRecord):
            before.add_reference(record)
            after.add_reference(record)
    before.apply_all_pending(NOW)
    for element in elements:
        after.restore(*element)
    while after.rebuild(NOW):
        pass
    assert after.apply_all_pending(NOW) == {}
    assert after.cells() == before.cells()
