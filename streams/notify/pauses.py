"""How long to wait before a message is sent again."""

FIRST_MS, LONGEST_MS = 1_000, 300_000
# A receiver that asks for more is asked after so long all the same.
LONGEST_ASKED_MS = 3_600_000
# What refuses for good does so until somebody corrects it, which ends in a restart, or there.
REFUSED_MS = 3_600_000


def pause_ms(attempt: int, asked_ms: int | None, chance: float) -> int:
    """Return the pause after an attempt, the first of which is 1.

    `asked_ms` is what the receiver asked for; `chance`, from 0 to 1, lets those that failed
    together come again apart.
    """
    if asked_ms is not None:
        return min(max(asked_ms, FIRST_MS), LONGEST_ASKED_MS)
    longest = min(FIRST_MS << min(attempt - 1, 20), LONGEST_MS)
    return round(longest * (0.5 + chance / 2))
