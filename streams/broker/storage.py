"""The folder in which a broker keeps its records: laying it out."""

import base64
import shutil
import subprocess
import uuid
from pathlib import Path

from streams.broker.properties import STORAGE, properties

FORMAT_SECONDS = 60.0


class BrokerError(Exception):
    """The broker cannot be started or has ended; the message carries what it last said."""


def lay_out(java: list[str], data: Path) -> None:
    """Make an empty storage in `data` unless there is one.

    `java` is the runtime with its class path. A storage that was interrupted half-way is
    never taken for a whole one.
    """
    if (data / STORAGE).exists():
        return
    fresh = data / f"{STORAGE}.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    config = data / "format.properties"
    # The tool needs listeners to read the file at all; it does not use them.
    config.write_text(properties("127.0.0.1", 1, 2, storage=fresh.name), encoding="ascii")
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # One word: an id may begin with a dash, and would then be taken for an option.
    tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", config.name]
    try:
        subprocess.run(  # noqa: S603  # our own runtime
            [*java, *tool],
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=FORMAT_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError as error:
        said = getattr(error, "output", None) or ""
        raise BrokerError(f"Kafka's storage cannot be laid out: {error}\n{said}") from error
    config.unlink()
    fresh.rename(data / STORAGE)
