"""The jars of the embedded Kafka on this machine: downloaded if missing, always verified."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext, PythonResolver
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from streams.broker.lock import Jar, JarError

# Called by jgo with file name and size, then entered; called in the block with each byte count.
Report = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


def resolve(jars: Sequence[Jar], console: Console, repository: Path | None = None) -> list[Path]:
    """Return the file of each jar, in order, each verified against its checksum.

    `repository` is the local Maven repository, by default that of jgo's settings. Missing jars are
    downloaded with progress on `console`, and added to the repository only once their checksum is
    right. Raises JarError.
    """
    repository = repository or GlobalSettings.load().repo_cache
    files = [location(jar, repository) for jar in jars]
    missing = [jar for jar, file in zip(jars, files, strict=True) if not file.exists()]
    if missing:
        download(missing, repository, console)
    for jar, file in zip(jars, files, strict=True):
        check(jar, file, f"delete {file} to have it downloaded again")
    return files


def location(jar: Jar, repository: Path) -> Path:
    """Return the path of the jar in a Maven repository."""
    folder = repository.joinpath(*jar.group.split("."), jar.artifact, jar.version)
    return folder / f"{jar.artifact}-{jar.version}.jar"


def check(jar: Jar, file: Path, advice: str) -> None:
    """Raise JarError for a file whose checksum is not the locked one."""
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != jar.sha256:
        raise JarError(
            f"{jar} is not the locked jar: SHA-256 {found} instead of {jar.sha256}; {advice}"
        )


def download(jars: Sequence[Jar], repository: Path, console: Console) -> None:
    """Download jars to the repository, each atomically and only with the right checksum."""
    remotes = {"central": MAVEN_CENTRAL_URL} | GlobalSettings.load().repositories
    repository.mkdir(parents=True, exist_ok=True)
    with (
        progress(sum(jar.size for jar in jars), console) as report,
        # In the repository itself, so that a jar moves within one file system.
        tempfile.TemporaryDirectory(prefix=".arriving-", dir=repository) as arriving,
    ):
        maven = MavenContext(
            resolver=PythonResolver(progress_callback=report),
            repo_cache=Path(arriving),
            remote_repos=remotes,
        )
        for jar in jars:
            component = maven.project(jar.group, jar.artifact).at_version(jar.version)
            try:
                file = component.artifact().resolve()
            # jgo raises OSError for connections, RuntimeError for "not found".
            except (OSError, RuntimeError) as error:
                raise JarError(f"{jar} could not be fetched: {error}") from error
            check(jar, file, "the download is discarded")
            home = location(jar, repository)
            home.parent.mkdir(parents=True, exist_ok=True)
            file.replace(home)


@contextmanager
def progress(size: int, console: Console) -> Iterator[Report]:
    """Show one bar for all downloads, together `size` bytes; yield the callback for jgo."""
    bar = Progress(
        TextColumn("Fetching Kafka"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=console,
    )
    with bar:
        task = bar.add_task("", total=size)

        @contextmanager
        def report(filename: str, _size: int) -> Iterator[Callable[[int], None]]:
            bar.update(task, description=filename)
            yield lambda received: bar.advance(task, received)

        yield report
        bar.update(task, description="")
