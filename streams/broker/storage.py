"""The storage folder of a broker.

`python -m streams.broker.storage` writes CHECKPOINT again after a change of Kafka's version.
"""

import base64
import shutil
import subprocess
import uuid
from pathlib import Path

from streams.broker.properties import SINGLE_NODE, STORAGE, properties

FORMAT_SECONDS = 60.0
CHECKPOINT = Path(__file__).with_name("bootstrap.checkpoint")


class BrokerError(Exception):
    """The broker cannot be started or has ended; the message has the last lines of its log."""


def lay_out(data: Path) -> None:
    """Format an empty storage in `data` unless there is one.

    A storage whose formatting was interrupted is formatted again.
    """
    if (data / STORAGE).exists():
        return
    fresh = data / f"{STORAGE}.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir()
    # Kafka's own tool would be a Java of its own, which takes nearly as long as a broker's start;
    # all that differs in what it writes are these two random ids.
    identity = {"version": "1", "cluster.id": random_id(), "directory.id": random_id()}
    identity["node.id"] = SINGLE_NODE["node.id"]
    lines = (f"{name}={value}\n" for name, value in identity.items())
    (fresh / "meta.properties").write_text("".join(lines), encoding="ascii")
    shutil.copyfile(CHECKPOINT, fresh / CHECKPOINT.name)
    fresh.rename(data / STORAGE)


def random_id() -> str:
    """Return a random id as Kafka writes one."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def formatted(java: list[str], folder: Path) -> Path:
    """Return a storage in `folder` that Kafka's own tool has formatted.

    `java` is the runtime with its class path. Raises BrokerError.
    """
    config = folder / "format.properties"
    # The tool needs listeners to read the file at all; it does not use them.
    config.write_text(properties("127.0.0.1", 1, 2), encoding="ascii")
    # One argument: an id may begin with a dash, and would then be parsed as an option.
    tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={random_id()}", "-c", config.name]
    try:
        subprocess.run(  # noqa: S603  # our own runtime
            [*java, *tool],
            cwd=folder,
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
    return folder / STORAGE


def write_checkpoint() -> None:
    """Let Kafka's own tool format a storage, and keep the part that is always the same."""
    import tempfile

    from rich.console import Console

    # A broker lays out its storage when it starts.
    from streams.broker.embedded import runtime

    with tempfile.TemporaryDirectory() as folder:
        storage = formatted(runtime(Console(stderr=True)), Path(folder))
        shutil.copyfile(storage / CHECKPOINT.name, CHECKPOINT)


if __name__ == "__main__":
    write_checkpoint()
