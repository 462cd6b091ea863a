"""A test that does not end fails with the stack in which it waits, and the run goes on."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HANGING = """
import asyncio
import contextlib


async def deep(never):
    await never.wait()


async def test_that_hangs():
    await asyncio.gather(asyncio.create_task(deep(asyncio.Event()), name="the deep one"))


def test_after_it():
    pass
"""
STUBBORN = """
import asyncio
import contextlib


async def test_that_cannot_be_ended():
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(100)
"""


def run(folder: Path, source: str, teardown_s: float) -> "subprocess.CompletedProcess[str]":
    (folder / "test_sample.py").write_text(source)
    code = (
        f"import sys, pytest, tests.stuck; tests.stuck.TEARDOWN_SECONDS = {teardown_s};"
        "sys.exit(pytest.main(sys.argv[1:]))"
    )
    return subprocess.run(
        [
            *(sys.executable, "-c", code, "-p", "tests.stuck", "--stuck-after", "1"),
            *("-o", "asyncio_mode=auto", "-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin"),
            *("--rootdir", str(folder), str(folder)),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_stuck_test_fails_with_its_stack_and_the_next_is_run(tmp_path: Path) -> None:
    done = run(tmp_path, HANGING, 30.0)
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "test_sample.py::test_that_hangs does not end:" in done.stderr
    stack = done.stderr[done.stderr.index("Task the deep one:") :]
    assert "test_sample.py:7 deep" in stack
    assert "locks.py" in stack


def test_process_of_a_test_that_cannot_be_interrupted_ends(tmp_path: Path) -> None:
    done = run(tmp_path, STUBBORN, 1.0)
    assert done.returncode == 70
    assert "test_sample.py::test_that_cannot_be_ended cannot be ended:" in done.stderr
    assert " test_that_cannot_be_ended\n" in done.stderr
