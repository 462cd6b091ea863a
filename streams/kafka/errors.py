"""Errors after which a process has to end; a supervisor restarts it."""

from collections.abc import Iterable
from typing import Self


class Fatal(Exception):
    """The process has to end; the message is the one line that an operator reads.

    Nothing is rolled back first: the next owner of the partition starts from the last commit.
    """


class Stuck(Fatal):
    """A wait took too long; the process logs where its tasks wait before it ends."""


class Fenced(Fatal):
    """Another worker owns this partition now; nothing of the refused commit is visible."""


class TopicsMissing(Fatal):
    """The topics are not as they have to be; the message names the command to run."""

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """Report topics that do not exist."""
        return cls(f"topics are missing ({', '.join(names)}); run: sales-kpis topics apply")


class TopicsWrong(TopicsMissing):
    """Topics have another number of partitions, which `topics apply` cannot change."""
