"""The objects of dimension values: one for the same values, whatever caches have forgotten."""

import gc

from streams.engine.catalogue import dimensions as module
from streams.engine.catalogue.dimensions import dimensions, in_groups, transfer, values_only

CACHES = (
    dimensions,
    in_groups,
    transfer,
    values_only,
    module._present,
    module._with_stage,
    module._apart,
)


def forget() -> None:
    for cache in CACHES:
        cache.cache_clear()
    gc.collect()


def test_same_values_are_the_same_object_although_the_caches_have_forgotten_it() -> None:
    found = dimensions(rep="ann", stage="won")
    grouped, apart = in_groups(found, ("north", "", "")), values_only("ann")
    left, kept, entered = transfer(found, found.with_stage("lost"))
    forget()
    assert dimensions(rep="ann").with_stage("won") is found
    assert in_groups(found, ("north", "", "")) is grouped
    assert values_only("ann") is apart
    assert transfer(found, found.with_stage("lost")) == (left, kept, entered)
    assert values_only("ann") is not dimensions("ann")


def test_values_that_nobody_has_take_no_memory() -> None:
    # A cache that is full would forget others meanwhile.
    forget()
    before = len(module._existing)
    found = [dimensions(rep=f"rep-{number}") for number in range(100)]
    assert len(module._existing) == before + 100
    del found
    forget()
    assert len(module._existing) <= before
