"""The jars of the embedded Kafka on this machine: fetched if they must be, never unchecked."""

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

# How jgo tells of a download: called with file name and size, entered, told of bytes.
Report = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


def resolve(jars: Sequence[Jar], console: Console, repository: Path | None = None) -> list[Path]:
    """Give the file of each jar, in order, every one checked against its sum.

    `repository` is the local Maven repository, the one of jgo's settings unless given.
    Network is needed only for jars it lacks; they are shown on `console` while they come
    and enter the repository only once their sum is right. Raises JarError.
    """
    repository = repository or GlobalSettings.load().repo_cache
    files = [location(jar, repository) for jar in jars]
    missing = [jar for jar, file in zip(jars, files, strict=True) if not file.exists()]
    if missing:
        download(missing, repository, console)
    for jar, file in zip(jars, files, strict=True):
        check(jar, file, f"delete {file}, and it is fetched anew")
    return files


def location(jar: Jar, repository: Path) -> Path:
    """Say where a Maven repository keeps the jar."""
    folder = repository.joinpath(*jar.group.split("."), jar.artifact, jar.version)
    return folder / f"{jar.artifact}-{jar.version}.jar"


def check(jar: Jar, file: Path, advice: str) -> None:
    """Refuse a file whose sum is not the locked one."""
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != jar.sha256:
        raise JarError(
            f"{jar} is not the locked jar: SHA-256 {found} instead of {jar.sha256}; {advice}"
        )


def download(jars: Sequence[Jar], repository: Path, console: Console) -> None:
    """Bring jars into the repository, each in one step and only with the right sum."""
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
            # What jgo lets through: OSError for connections, RuntimeError for "not found".
            except (OSError, RuntimeError) as error:
                raise JarError(f"{jar} could not be fetched: {error}") from error
            check(jar, file, "what was fetched is not kept")
            home = location(jar, repository)
            home.parent.mkdir(parents=True, exist_ok=True)
            file.replace(home)


@contextmanager
def progress(size: int, console: Console) -> Iterator[Report]:
    """Show one bar over all downloads, together `size` bytes; yields what to tell jgo."""
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
