"""Comparison of the output of `dump` and `replay`."""

import re
from pathlib import Path

VOLATILE = re.compile(rb',"revision":[0-9]+|,"updated_at":"[^"]*"')


def records(file: Path) -> list[bytes]:
    """Read records, without revision and time of writing."""
    return sorted(VOLATILE.sub(b"", line) for line in file.read_bytes().splitlines())


def first_difference(live: list[bytes], replayed: list[bytes]) -> str | None:
    """Show one record that only one of them has; None if they are equal."""
    if live == replayed:
        return None
    only_live, only_replayed = set(live) - set(replayed), set(replayed) - set(live)
    return (
        f"{len(live)} live, {len(replayed)} replayed;"
        f" only live: {sorted(only_live)[:1]}; only replayed: {sorted(only_replayed)[:1]}"
    )
