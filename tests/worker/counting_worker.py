"""A worker with the counting core: `python -m tests.worker.counting_worker [WEIGHT [POISON]]`."""

import sys

from streams.agents.main import run_worker
from streams.config.settings import Settings
from tests.installation.counting import Counting


def main() -> None:
    """Run it with the arguments of the command line."""
    weight = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    poison = sys.argv[2] if len(sys.argv) > 2 else ""
    run_worker(Settings.from_environment(), None, Counting(weight, poison=poison))


if __name__ == "__main__":
    main()
