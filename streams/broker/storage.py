"""The storage folder of a broker."""

import base64
import shutil
import subprocess
import uuid
from pathlib import Path

from streams.broker.properties import STORAGE, properties

FORMAT_SECONDS = 60.0


class BrokerError(Exception):
    """The broker cannot be started or has ended; the message has the last lines of its log."""


def lay_out(java: list[str], data: Path) -> None:
    """Format an empty storage in `data` unless there is one.

    `java` is the runtime with its class path. A storage whose formatting was interrupted is
    formatted again.
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
    # One argument: an id may begin with a dash, and would then be parsed as an option.
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
        output = getattr(error, "output", None) or ""
        raise BrokerError(f"Kafka's storage cannot be formatted: {error}\n{output}") from error
    config.unlink()
    fresh.rename(data / STORAGE)
