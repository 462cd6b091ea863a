"""Who has a lead, a deal or a quote: now, or at an instant."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tests.oracle.entities.facts import Definitions, Standing
from tests.oracle.history.events import Event, latest, until


@dataclass(frozen=True)
class Owners:
    """The events in order that name reps: a thing's own, and those of its subject."""

    own: Sequence[Event]
    of_subject: Sequence[Event]

    @property
    def latest(self) -> str | None:
        """The rep of now: the thing's own, else its subject's."""
        return latest(self.own, "rep") or latest(self.of_subject, "rep")

    def rep(self, instant: int, definitions: Definitions) -> str | None:
        """The rep of now or, by definition, of then.

        Before any was named it is the one of now.
        """
        if definitions.owner == "now":
            return self.latest
        then = Owners(until(self.own, instant), until(self.of_subject, instant))
        was_named = any(event.text("rep") for event in [*then.own, *then.of_subject])
        return then.latest if was_named else self.latest

    @property
    def changes(self) -> list[int]:
        """The instants at which the rep may change."""
        naming = [event for event in [*self.own, *self.of_subject] if event.carries("rep")]
        return sorted({event.at for event in naming})


def handed_on(
    standings: Iterable[Standing], owners: Owners, definitions: Definitions
) -> list[Standing]:
    """The standings of a thing, each under the rep who has it."""
    found = []
    for whole in standings:
        cuts = [
            at for at in owners.changes if whole.start < at and (not whole.end or at < whole.end)
        ]
        bounds = [whole.start, *cuts, whole.end]
        for start, end in itertools.pairwise(bounds):
            assert start is not None
            dimensions = {**whole.dimensions, "rep": owners.rep(start, definitions)}
            found.append(replace(whole, start=start, end=end, dimensions=dimensions))
    return found
