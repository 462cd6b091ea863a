"""A worker with the counting core, which gives up on a reader after seconds, not a minute."""

from streams.worker import reading_watch
from tests.worker.counting_worker import main

UNREAD_SECONDS = 3.0

if __name__ == "__main__":
    reading_watch.UNREAD_SECONDS = UNREAD_SECONDS
    reading_watch.CHECK_SECONDS = 0.5
    reading_watch.HELD_BACK_SECONDS = 1.0
    main()
