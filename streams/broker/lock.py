"""The lock of the embedded Kafka's jars, with their checksums.

`python -m streams.broker.lock` writes it again after a change of COORDINATES; then
`python -m streams.broker.storage` writes what a storage of that version begins with.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import jgo

# Not 4.3.0, 4.3.1 or 4.4.0: a commit while a partition has no leader leaves that partition without
# the marker, and blocks its readers (KAFKA-20734; tests/broker/test_markers.py).
# slf4j-simple, not slf4j-nop: with the latter a broker that fails logs no reason.
COORDINATES = ("org.apache.kafka:kafka_2.13:4.2.2", "org.slf4j:slf4j-simple:1.7.36")
LOCK = Path(__file__).with_name("kafka.lock")


class JarError(Exception):
    """A jar cannot be downloaded or is not the locked one; the message has advice."""


@dataclass(frozen=True, slots=True, order=True)
class Jar:
    """One line of the lock: a Maven artifact with the checksum and size of its file."""

    group: str
    artifact: str
    version: str
    size: int
    sha256: str

    def __str__(self) -> str:
        """Return the Maven coordinate."""
        return f"{self.group}:{self.artifact}:{self.version}"


def read_lock(lock: Path = LOCK) -> tuple[Jar, ...]:
    """Return all jars of the lock. Raises JarError for an invalid line."""
    jars = []
    for number, line in enumerate(lock.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            sha256, size, coordinate = line.split()
            group, artifact, version = coordinate.split(":")
            jars.append(Jar(group, artifact, version, int(size), sha256))
        except ValueError as error:
            raise JarError(
                f"{lock.name}, line {number}: not `SHA-256 bytes group:artifact:version`: {line}"
            ) from error
    return tuple(jars)


def lock_text(jars: Iterable[Jar]) -> str:
    """Return the text of the lock, with the jars in a fixed order."""
    lines = [
        "# The jars of the embedded Kafka: SHA-256, bytes, group:artifact:version.",
        f"# They are {' and '.join(COORDINATES)} with all they need.",
        "# Written by `python -m streams.broker.lock`.",
        *(f"{jar.sha256} {jar.size:>8} {jar}" for jar in sorted(jars)),
    ]
    return "\n".join(lines) + "\n"


def newly_resolved() -> list[Jar]:
    """Resolve COORDINATES in Maven's repository and return the jars with their checksums."""
    jars = []
    for artifact in jgo.resolve("+".join(COORDINATES)):
        content = artifact.resolve().read_bytes()
        jars.append(
            Jar(
                artifact.groupId,
                artifact.artifactId,
                artifact.version,
                len(content),
                hashlib.sha256(content).hexdigest(),
            )
        )
    return jars


if __name__ == "__main__":
    LOCK.write_text(lock_text(newly_resolved()), encoding="utf-8")
