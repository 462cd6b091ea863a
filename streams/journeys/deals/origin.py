"""What a deal reads of the subject that it came from."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from streams.engine.aggregate.entry import Entry
from streams.engine.catalogue.dimensions import Dimensions
from streams.journeys.leads import Touch


class Origin:
    """What a deal reads of its subject.

    Attributes:
        dimensions: Those of the subject, empty where there are none.
        reps: The subject's rep from each instant on.
        entries: All of the subject's, in their order.
        custom: Values of own dimensions that the lead carries.
    """

    __slots__ = (
        "_silences",
        "custom",
        "dimensions",
        "entries",
        "first_collateral",
        "had_cold_call",
        "lead_created",
        "reps",
        "touches",
    )

    def __init__(
        self,
        lead_created: int | None,
        dimensions: Dimensions,
        touches: Sequence[Touch],
        had_cold_call: bool,
        entries: Sequence[Entry],
        first_collateral: int | None,
        reps: Mapping[int, str],
        custom: Mapping[str, str],
    ) -> None:
        self.lead_created = lead_created
        self.dimensions = dimensions
        self.touches = touches
        self.had_cold_call = had_cold_call
        self.entries = entries
        self.first_collateral = first_collateral
        self.reps = reps
        self.custom = custom
        self._silences: tuple[int, list[tuple[int, int | None]]] | None = None

    @property
    def latest(self) -> int:
        """The instant of the subject's latest event."""
        return self.entries[-1].at

    def silences(self, length: int) -> list[tuple[int, int | None]]:
        """Give from when until when its latest event was at least `length` ms ago.

        The last one, without an end, may lie in the future.
        """
        # All deals of a subject ask for the same.
        if self._silences is None or self._silences[0] != length:
            entries, found = self.entries, list[tuple[int, int | None]]()
            if entries[-1].at - entries[0].at > length:
                found.extend(
                    (before.at + length, after.at)
                    for before, after in pairwise(entries)
                    if after.at - before.at > length
                )
            found.append((entries[-1].at + length, None))
            self._silences = length, found
        return self._silences[1]
