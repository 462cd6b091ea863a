"""What a test that does not end leaves behind: where it waited, and a run that goes on."""

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


def run(folder: Path, source: str) -> "subprocess.CompletedProcess[str]":
    (folder / "test_sample.py").write_text(source)
    code = (
        "import sys, pytest, tests.stuck; tests.stuck.END_SECONDS = 1.0;"
        "sys.exit(pytest.main(sys.argv[1:]))"
    )
    return subprocess.run(
        [
            *(sys.executable, "-c", code, "-p", "tests.stuck", "--stuck-after", "1"),
            *("-o", "asyncio_mode=auto", "-p", "no:cacheprovider", "-p", "no:randomly"),
            *("--rootdir", str(folder), str(folder)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_stuck_test_fails_with_where_it_waits_and_the_next_is_run(tmp_path: Path) -> None:
    done = run(tmp_path, HANGING)
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "test_sample.py::test_that_hangs does not end:" in done.stderr
    told = done.stderr[done.stderr.index("Task the deep one:") :]
    assert "test_sample.py:7 deep" in told
    assert "locks.py" in told


def test_process_that_cannot_take_it_down_ends(tmp_path: Path) -> None:
    done = run(tmp_path, STUBBORN)
    assert done.returncode == 70
    assert "test_sample.py::test_that_cannot_be_ended cannot be ended:" in done.stderr
    assert " test_that_cannot_be_ended\n" in done.stderr
