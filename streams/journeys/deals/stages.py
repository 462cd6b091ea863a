"""The stages that a deal entered, and which of them took it further."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from streams.engine.catalogue.definitions import Definitions


class StageEntry(NamedTuple):
    """A deal comes to stand in another stage, in the pipeline that it is in then."""

    at: int
    pipeline: str
    stage: str


def first_entries(entries: Sequence[StageEntry]) -> dict[str, int]:
    """Give when each stage was first entered, in that order."""
    found: dict[str, int] = {}
    for entry in entries:
        found.setdefault(entry.stage, entry.at)
    return found


def converted(entries: Sequence[StageEntry], definitions: Definitions) -> set[str]:
    """Give the stages after whose first entry a later one was entered."""
    found: set[str] = set()
    entered: dict[str, None] = {}
    for entry in entries:
        order = definitions.stages_of(entry.pipeline)
        if order.stages:
            found.update(stage for stage in entered if order.is_later(entry.stage, stage))
        elif entry.stage not in entered:
            found.update(entered)
        entered[entry.stage] = None
    return found


def advances(entries: Sequence[StageEntry], definitions: Definitions) -> Iterator[int]:
    """Give when a stage was entered that is later than the one just left."""
    left = ""
    entered: set[str] = set()
    for entry in entries:
        order = definitions.stages_of(entry.pipeline)
        is_later = order.is_later(entry.stage, left) if order.stages else entry.stage not in entered
        if is_later and left:
            yield entry.at
        left = entry.stage
        entered.add(left)
