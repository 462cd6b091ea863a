"""Only jars with the locked checksums are run."""

import hashlib
import io
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from streams.broker.jars import location, resolve
from streams.broker.lock import (
    COORDINATES,
    LOCK,
    Jar,
    JarError,
    lock_text,
    read_lock,
)

CONTENT = b"PK of a kind"
JAR = Jar("org.example", "pipe", "1.0", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


class SilentHandler(SimpleHTTPRequestHandler):
    """Serves a folder without logging."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Log nothing."""


@pytest.fixture
def screen() -> Console:
    return Console(file=io.StringIO(), width=200)


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the one Maven repository that jgo's settings name for this test."""
    folder = tmp_path / "remote"
    folder.mkdir()
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(SilentHandler, directory=str(folder))
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        settings = tmp_path / "jgo.conf"
        settings.write_text(f"[repositories]\ncentral = http://127.0.0.1:{server.server_port}\n")
        monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield folder
        server.shutdown()
        thread.join()


def store(repository: Path, content: bytes) -> Path:
    file = location(JAR, repository)
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    return file


def test_jar_with_the_locked_sum_is_used_from_the_local_repository(
    tmp_path: Path, screen: Console
) -> None:
    file = store(tmp_path, CONTENT)
    assert resolve([JAR], screen, tmp_path) == [file]


def test_tampered_jar_is_refused_by_name_with_both_sums_and_what_to_do(
    tmp_path: Path, screen: Console
) -> None:
    file = store(tmp_path, CONTENT + b"!")
    with pytest.raises(JarError) as refused:
        resolve([JAR], screen, tmp_path)
    assert str(refused.value) == (
        f"org.example:pipe:1.0 is not the locked jar: "
        f"SHA-256 {hashlib.sha256(CONTENT + b'!').hexdigest()} instead of {JAR.sha256}; "
        f"delete {file} to have it downloaded again"
    )


def test_missing_jar_is_fetched_into_the_local_repository(
    tmp_path: Path, remote: Path, screen: Console
) -> None:
    store(remote, CONTENT)
    local = tmp_path / "local"
    (file,) = resolve([JAR], screen, local)
    assert file.read_bytes() == CONTENT
    assert [path for path in local.rglob("*") if path.is_file()] == [file]


def test_fetching_is_shown(tmp_path: Path, remote: Path) -> None:
    store(remote, CONTENT)
    screen = Console(file=io.StringIO(), width=200, force_terminal=True)
    resolve([JAR], screen, tmp_path / "local")
    assert isinstance(screen.file, io.StringIO)
    assert "Fetching Kafka" in screen.file.getvalue()
    assert f"{len(CONTENT)}/{len(CONTENT)} bytes" in screen.file.getvalue()


def test_tampered_download_is_refused_and_not_kept(
    tmp_path: Path, remote: Path, screen: Console
) -> None:
    store(remote, CONTENT + b"!")
    local = tmp_path / "local"
    with pytest.raises(JarError, match=r"pipe:1\.0 is not the locked jar.*is discarded"):
        resolve([JAR], screen, local)
    assert list(local.iterdir()) == []


def test_jar_that_cannot_be_found_is_named(tmp_path: Path, remote: Path, screen: Console) -> None:
    assert list(remote.iterdir()) == []
    with pytest.raises(JarError, match=r"org\.example:pipe:1\.0 could not be fetched"):
        resolve([JAR], screen, tmp_path / "local")


def test_lock_is_in_its_one_order_and_form() -> None:
    assert lock_text(read_lock()) == LOCK.read_text(encoding="utf-8")


def test_lock_has_what_was_asked_for() -> None:
    assert set(COORDINATES) < {str(jar) for jar in read_lock()}


@pytest.mark.parametrize("line", ["0a1b 12", "0a1b twelve a:b:1", "0a1b 12 a:b"])
def test_unreadable_lock_line_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    lock = tmp_path / "kafka.lock"
    lock.write_text(f"# a comment\n{line}\n")
    with pytest.raises(JarError, match=r"kafka\.lock, line 2: "):
        read_lock(lock)
