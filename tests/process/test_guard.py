"""The guard ends its child on every order, at the end of orders, and with itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from streams.process import guard

# Prints a line once it runs, then keeps its end of the pipe open until it ends.
GUARDED = "import signal; print('there', flush=True); signal.pause()"


def guarded(folder: str = "") -> "subprocess.Popen[str]":
    """Start a guard over a program that never ends; return the guard once the program runs."""
    started = subprocess.Popen(
        [sys.executable, guard.__file__, folder, sys.executable, "-c", GUARDED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "there\n"
    return started


@pytest.mark.parametrize(("order", "number"), [("stop", 15), ("kill", 9), ("", 15)])
def test_guard_ends_the_child_by_order_or_when_orders_end(order: str, number: int) -> None:
    with guarded() as started:
        started.communicate(order, timeout=30)
    assert started.returncode == 256 - number


def test_guard_that_ends_orphaned_removes_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with guarded(str(folder)) as started:
        started.communicate(timeout=30)
    assert not folder.exists()


def test_guard_that_is_ordered_leaves_the_folder(tmp_path: Path) -> None:
    with guarded(str(tmp_path)) as started:
        started.communicate("stop\n", timeout=30)
    assert tmp_path.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of a killed parent")
def test_child_ends_when_the_guard_is_killed() -> None:
    with guarded() as started:
        started.kill()
        assert started.stdout is not None
        assert started.stdout.read() == ""  # the pipe ends with the last that holds it
