"""How long to wait before starting again what has ended."""

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0
# One that has lived so long had started well: it is started again without much delay.
GOOD_LIFE_SECONDS = 30.0


class Backoff:
    """Pauses that double while a process keeps ending soon after its start."""

    def __init__(self) -> None:
        """Begin with the shortest."""
        self._next = FIRST_SECONDS

    def after(self, lived_seconds: float) -> float:
        """Give the pause after a process that lived so long."""
        if lived_seconds > GOOD_LIFE_SECONDS:
            self._next = FIRST_SECONDS
        pause = self._next
        self._next = min(2 * pause, LONGEST_SECONDS)
        return pause
