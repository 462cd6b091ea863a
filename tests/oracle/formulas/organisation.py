"""Which team, department and unit a rep is in: today, or at an instant."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tests.oracle.entities.facts import Dimensions, Standing
from tests.oracle.history.events import Event, latest
from tests.oracle.history.reference import first_or_then

ORGANISATION = ("team", "department", "unit")


class Organisation:
    """The reps' places in the company."""

    def __init__(self, reps: Mapping[str, Sequence[Event]], *, is_of_then: bool) -> None:
        """`reps` has the records of each rep in order.

        Facts belong to the team of then, or else to that of today.
        """
        self.reps = reps
        self.is_of_then = is_of_then

    def unit(self, dimension: str, rep: str | None, instant: int) -> str | None:
        """The rep's team, department or unit; before the first record, that of the first."""
        records = self.reps.get(rep or "", ())
        if not records:
            return None
        if not self.is_of_then:
            return latest(records, dimension)
        return first_or_then(records, dimension, instant)

    def split(self, standing: Standing) -> Iterator[Standing]:
        """Cut a standing wherever its rep moves."""
        records = self.reps.get(standing.dimensions.get("rep") or "", ())
        moves = sorted({record.at for record in records}) if self.is_of_then else []
        last = standing.end
        cuts = [at for at in moves if standing.start < at and (last is None or at < last)]
        bounds = [standing.start, *cuts]
        for start, end in zip(bounds, [*cuts, last], strict=True):
            yield replace(standing, start=start, end=end)

    def values(self, dimensions: Dimensions, instant: int) -> Dimensions:
        """The dimensions of a fact, with the places of its rep."""
        rep = dimensions.get("rep")
        places = {dimension: self.unit(dimension, rep, instant) for dimension in ORGANISATION}
        return {**dimensions, **places}
