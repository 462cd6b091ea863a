"""The names of the failpoints of workers and of `notify`, and what a setting of one looks like."""

import re

POINTS = (
    "during_restore",
    "during_reconcile",
    "after_forwards",
    "after_state",
    "after_partials",
    "during_snapshot",
    "during_retirement",
    "before_commit",
    "while_publishing",
    "before_merge_commit",
    "before_message",
    "after_message",
    "after_answer",
    "after_receipt",
)
# A point, which passing of it, and whether the process is stopped instead of killed.
SETTING = re.compile(rf"({'|'.join(POINTS)}):([1-9][0-9]{{0,5}})(:stop)?")


def is_known(setting: str) -> bool:
    """Tell whether a setting names a point and its passing, such as `after_state:3`."""
    return not setting or SETTING.fullmatch(setting) is not None
