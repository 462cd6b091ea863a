"""What a deal's changes come to, apart from rates and definitions."""

from collections.abc import Sequence
from datetime import date

from msgspec import UNSET

from streams.engine.aggregate.entry import Entry
from streams.events import DealChanged
from streams.journeys.deals import stages
from streams.journeys.deals.fields import NO_FIELDS, DealFields
from streams.journeys.deals.stages import StageEntry


class DealHistory:
    """A deal's fields, status and stages, from all its changes; instants in ms.

    Attributes:
        created: The instant of its earliest event.
        fields: What is known of it now.
        states: The fields after all events of each instant, with the instant.
        status: `open`, `won` or `lost`.
        closed: When the last unbroken run of its status began; None while it is open.
        before_close: The fields just before that.
        reason: The last one given in that run, empty where there is none.
        entered: Its stages, each time that it came to stand in one.
        stood_in: Every pipeline and stage that it was ever in, together.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Read the deal's own changes, in their order, at least one."""
        self.entries = entries
        self.name: str = entries[0].event.deal  # type: ignore[attr-defined]  # the journey sorted them
        self.created = entries[0].at
        self.status = "open"
        self.closed: int | None = None
        self.before_close = NO_FIELDS
        self.reason = ""
        self.entered: list[StageEntry] = []
        self.stood_in: dict[tuple[str, str], None] = {}
        self.states: list[tuple[int, DealFields]] = []
        self.fields = self._read(entries)

    def _read(self, entries: Sequence[Entry]) -> DealFields:
        """Apply all changes; a status that is not known is open."""
        fields = NO_FIELDS
        states = self.states
        for entry in entries:
            at, event = entry.at, entry.event
            assert isinstance(event, DealChanged)  # noqa: S101 - for the type checker: the journey sorted them
            before, fields = fields, fields.apply(event)
            status = fields.status or "open"
            if status != self.status:
                self.status, self.reason, self.before_close = status, "", before
                self.closed = None if status == "open" else at
            if event.reason is not UNSET:
                self.reason = event.reason or ""
            if fields.stage and (
                fields.stage != before.stage or fields.pipeline != before.pipeline
            ):
                self._enter(at, fields.pipeline or "", fields.stage, before.stage)
            if states and states[-1][0] == at:
                states[-1] = at, fields
            else:
                states.append((at, fields))
        return fields

    def _enter(self, at: int, pipeline: str, stage: str, before: str | None) -> None:
        self.stood_in[pipeline, stage] = None
        if stage != before:
            self.entered.append(StageEntry(at, pipeline, stage))

    @property
    def stage(self) -> str:
        """The stage that it is in now, empty where there is none."""
        return self.fields.stage or ""

    @property
    def expected_close(self) -> date | None:
        """The day on which it is expected to close now."""
        return self.fields.expected_close

    @property
    def stage_entries(self) -> dict[str, int]:
        """When each of its stages was first entered, in that order."""
        return stages.first_entries(self.entered)
