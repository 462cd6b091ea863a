"""The ahead-of-time cache of the embedded broker: which one belongs to a start."""

from pathlib import Path

import pytest
from rich.console import Console

from streams.broker import aot_cache
from streams.broker.embedded import JVM, EmbeddedKafka, jar_files

JARS = [Path("/jars/a.jar"), Path("/jars/b.jar")]


def test_every_class_path_and_choice_of_options_has_its_own_cache() -> None:
    caches = {
        aot_cache.location(jars, options)
        for jars in (JARS, JARS[::-1], JARS[:1])
        for options in ((), ("-Xmx1g",))
    }
    assert len(caches) == 6


def test_cache_that_is_not_there_is_not_asked_for() -> None:
    assert aot_cache.option(JARS, JVM) == ()


def test_broker_starts_although_its_cache_is_damaged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    jars = jar_files(Console(stderr=True))
    aot_cache.location(jars, JVM).write_bytes(b"cut short")
    assert aot_cache.option(jars, JVM)
    with EmbeddedKafka() as broker:
        assert broker.is_running


def test_prepared_cache_is_used() -> None:
    jars = jar_files(Console(stderr=True))
    if not aot_cache.option(jars, JVM):
        pytest.skip("not prepared; `make test` does it")
    broker = EmbeddedKafka()
    # With this Java does not start without the cache.
    broker.java_options = ("-XX:AOTMode=on",)
    with broker:
        assert broker.is_running
