"""The interface of the consumer that is a member of the workers' group."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from faust.types import TP


class GroupConsumer(Protocol):
    """The consumer of the group, as far as the task manager uses it."""

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Read on from these offsets; raises IllegalStateError for an unassigned partition."""

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Deliver records of these partitions."""

    def assignment(self) -> set[TP]:
        """The partitions that the group has assigned."""

    def highwater(self, tp: TP) -> int | None:
        """The end offset of a partition as of the last fetch; None before one."""

    def last_stable_offset(self, tp: TP) -> int | None:
        """The end of what can be read, as of the last fetch: open transactions begin there."""

    def positions(self, tps: Iterable[TP]) -> dict[TP, int]:
        """The offsets from which the client goes on, of those partitions that it has begun."""

    def is_joining(self) -> bool:
        """Whether the group has to be joined; raises the error that prevents it."""
