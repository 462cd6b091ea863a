"""Failpoints: steps of a worker at which tests let it kill or stop itself."""

import os
import signal
from collections.abc import Callable
from functools import cache

from streams.config.failpoints import SETTING

Pass = Callable[[str], None]


@cache
def armed(setting: str) -> Pass:
    """Give what is to be called with the name of each point as it is passed.

    At the passing named by the setting the process kills itself (SIGKILL), or with `:stop` at
    its end is stopped (SIGSTOP) until somebody continues it. Passings are counted over the
    whole process. Without a setting nothing ever happens.
    """
    found = SETTING.fullmatch(setting)
    if found is None:
        return _nothing
    fatal, left = found[1], int(found[2])
    signal_number = signal.SIGSTOP if found[3] else signal.SIGKILL

    def passing(point: str) -> None:
        nonlocal left
        if point == fatal:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal_number)

    return passing


def _nothing(_: str) -> None:
    pass
