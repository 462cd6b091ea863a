"""Sessions of browsers that have logged in: a random id each, in this process alone."""

import secrets
import time
from collections.abc import Callable

from streams.page.access.viewer import Viewer

ID_BYTES = 32
# A working day: who looks every day logs in once a day.
SESSION_SECONDS = 12 * 3_600
MOST_SESSIONS = 10_000


class Sessions:
    """Ids with their viewers; the oldest makes room where there are too many."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: dict[str, tuple[Viewer, float]] = {}

    def begin(self, viewer: Viewer) -> str:
        """Return a new session's id, which is a secret."""
        if len(self._found) >= MOST_SESSIONS:
            del self._found[next(iter(self._found))]
        session = secrets.token_urlsafe(ID_BYTES)
        self._found[session] = (viewer, self._clock() + SESSION_SECONDS)
        return session

    def viewer(self, session: str) -> Viewer | None:
        """Return a session's viewer; None once it is over, or if there is no such session."""
        found = self._found.get(session)
        if found is None:
            return None
        viewer, ends_at = found
        if self._clock() >= ends_at:
            del self._found[session]
            return None
        return viewer

    def end(self, session: str) -> None:
        """End a session, which may be over already."""
        self._found.pop(session, None)
