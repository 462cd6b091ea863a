"""The one way out when going on could do harm: the process ends and a supervisor restarts it."""


class Fatal(Exception):
    """The process has to end; the message is the one line that an operator reads.

    Nothing is rolled back first: whoever takes the shard next starts from what was committed.
    """


class Stuck(Fatal):
    """A wait took too long; the process logs where its tasks wait before it ends."""


class Fenced(Fatal):
    """Another worker has taken over this shard; nothing of the refused commit is visible."""
