"""Comparing what `dump` and `replay` print."""

import re
from pathlib import Path

ASIDE = re.compile(rb',"revision":[0-9]+|,"updated_at":"[^"]*"')


def records(file: Path) -> list[bytes]:
    """Read records, revision and time of writing aside."""
    return sorted(ASIDE.sub(b"", line) for line in file.read_bytes().splitlines())


def first_difference(live: list[bytes], replayed: list[bytes]) -> str | None:
    """Show one record that only one of them has; None if they are equal."""
    if live == replayed:
        return None
    only_live, only_replayed = set(live) - set(replayed), set(replayed) - set(live)
    return (
        f"{len(live)} live, {len(replayed)} replayed;"
        f" only live: {sorted(only_live)[:1]}; only replayed: {sorted(only_replayed)[:1]}"
    )
