"""Failpoints: a process ends where and when it was told to, and never otherwise."""

import signal
import subprocess
import sys

from streams.config.failpoints import POINTS
from streams.process.failpoint import armed

PROGRAM = """
import sys
from streams.process.failpoint import armed
passing = armed(sys.argv[1])
assert armed(sys.argv[1]) is passing
for number in range(1, 6):
    passing("after_state")
    passing("before_commit")
    print(number, flush=True)
"""


def run(setting: str) -> tuple[int, str]:
    """Pass two points five times each; give exit status and the rounds that were finished."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, setting], capture_output=True, text=True, check=False
    )
    assert not done.stderr
    return done.returncode, "".join(done.stdout.split())


def test_process_is_killed_at_the_passing_it_was_told() -> None:
    assert run("before_commit:3") == (-signal.SIGKILL, "12")


def test_point_that_is_not_passed_so_often_does_nothing() -> None:
    assert run("before_commit:6") == (0, "12345")


def test_without_a_setting_nothing_happens() -> None:
    assert run("") == (0, "12345")
    for point in POINTS:
        armed("")(point)


def test_process_is_stopped_and_goes_on_once_continued() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "after_state:2:stop"], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == "1\n"
        child.send_signal(signal.SIGCONT)
        while child.poll() is None:
            child.send_signal(signal.SIGCONT)
        assert child.stdout.read().split() == ["2", "3", "4", "5"]
    assert child.returncode == 0
