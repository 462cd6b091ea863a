"""Both stages without Kafka, event by event and instant by instant, beside a replay."""

import json
from typing import Any

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.merge.merger import Merger
from streams.events import Event, ReferenceRecord, decode, for_each_kind
from streams.operations.replay import replay
from streams.wiring.catalogue import catalogue
from tests.kpis.story import Said, Told, instant

ZONE = "Europe/Berlin"


class Live:
    """An aggregator and a merger, with the state that they write."""

    def __init__(self, now: str, **options: Any) -> None:
        """Start at an instant with nothing, in Berlin unless told otherwise."""
        self.settings = Settings(now=instant(now), **{"timezone": ZONE, **options})
        self.state: dict[bytes, bytes | None] = {}
        self.reference: list[ReferenceRecord] = []
        self.clock = instant(now)
        self.start()

    def start(self) -> None:
        """Begin with the state, as another owner would."""
        in_force = catalogue(self.settings)
        self.aggregator, self.merger = (
            Aggregator(in_force, self.clock),
            Merger(in_force, self.clock),
        )
        for record in self.reference:
            self.aggregator.add_reference(record)
            self.merger.add_reference(record)
        for key, value in self.state.items():
            if value is not None:
                self.aggregator.restore(key, value)
        while self.aggregator.rebuild(self.clock):
            pass
        for cell, vectors in self.aggregator.cells().items():
            self.merger.set_partial(0, cell, dict(vectors))
        self.records: dict[str, Any] = {}
        self.advance()

    def add(self, *events: Said) -> "Live":
        """Process events, and what follows from them."""
        for event in events:
            found = decode(json.dumps(event).encode())
            if isinstance(found, ReferenceRecord):
                self.reference.append(found)
                self.aggregator.add_reference(found)
                self.merger.add_reference(found)
                continue
            assert isinstance(found, Event), found
            for each in for_each_kind(found):
                self.state |= dict(self.aggregator.add(each))
        return self.advance()

    def advance(self, now: str = "") -> "Live":
        """Let the clock reach an instant."""
        self.clock = instant(now) if now else self.clock
        changed = dict(self.aggregator.apply_all_pending(self.clock))
        while reroutes := self.aggregator.pending_reroutes():
            for reroute in reroutes:
                self.aggregator.receive(reroute)
            changed |= self.aggregator.apply_all_pending(self.clock)
        self.state |= dict(self.aggregator.released_records())
        for cell, vectors in changed.items():
            self.merger.set_partial(0, cell, vectors)
        self.merger.advance_clock_to(self.clock)
        for key, body, _ in self.merger.publications():
            self.records[key] = body
        return self

    def published(self) -> dict[str, bytes]:
        """Give what another merger would publish now; the output has that, too.

        The output may have more: windows that ran when a level was published.
        """
        merger = Merger(catalogue(self.settings), self.clock)
        for record in self.reference:
            merger.add_reference(record)
        for cell, vectors in self.aggregator.cells().items():
            merger.set_partial(0, cell, dict(vectors))
        merger.advance_clock_to(self.clock)
        found = {key: body for key, body, _ in merger.publications() if body is not None}
        assert found.items() <= self.records.items()
        return found

    def told(self) -> Told:
        """Read what is in the output now."""
        bodies = [body for body in self.records.values() if body is not None]
        return Told([json.loads(body + b"}") for body in bodies], self.clock)


def replayed(*events: Said, now: str, **options: Any) -> list[bytes]:
    """Give what `replay` publishes, with the bodies of `Live`."""
    settings = Settings(now=instant(now), **{"timezone": ZONE, **options})
    lines = [json.dumps(event).encode() for event in events]
    return [line.split(b',"revision"')[0] for line in replay(lines, settings)]
