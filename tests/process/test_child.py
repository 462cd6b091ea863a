"""A child process: its log, its end by order, and its restarts."""

import signal
import sys
from pathlib import Path

import pytest

from streams.process.child import Child, describe_exit, inherited

SLEEP = "import signal; print('running', flush=True); signal.pause()"


def python(program: str, log: Path, **environment: str) -> Child:
    return Child([sys.executable, "-c", program], log, inherited(**environment))


def await_output(child: Child, log: Path) -> None:
    while not log.read_text():
        assert child.is_running


def test_output_is_appended_to_the_log_and_last_lines_are_of_the_last_start(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = python("import os; print(os.environ['GREETING'])", log, GREETING="hello")
    child.start()
    assert child.wait() == 0
    log.write_text("before\n")
    child.start()
    assert child.wait() == 0
    assert log.read_text() == "before\nhello\n"
    assert child.last_lines() == "hello"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_child_is_ended_by_signal(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "log"
    child = python(SLEEP, log)
    child.start()
    await_output(child, log)
    child.stop() if number == signal.SIGTERM else child.kill()
    assert not child.is_running
    assert child.status == 256 - number


def test_stop_can_be_requested_beforehand_and_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = python(SLEEP, log)
    child.start()
    await_output(child, log)
    child.request_stop()
    assert child.wait() == 256 - signal.SIGTERM
    child.request_stop()
    child.stop()
    child.stop()
    assert child.status == 256 - signal.SIGTERM


def test_child_that_was_never_started_needs_no_end(tmp_path: Path) -> None:
    child = python(SLEEP, tmp_path / "log")
    child.request_stop()
    child.stop()
    assert (child.status, child.is_running) == (None, False)


def test_pauses_before_restarts_double(tmp_path: Path) -> None:
    child = python("", tmp_path / "log")
    pauses = []
    for _ in range(3):
        child.start()
        child.wait()
        pauses.append(child.pause_s())
    assert pauses == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (1, "ended with status 1"),
        (0, "ended with status 0"),
        (256 - signal.SIGKILL, "was killed by signal 9"),
        (-signal.SIGKILL, "was killed by signal 9"),
    ],
)
def test_exit_is_described_by_status_or_signal(status: int, text: str) -> None:
    assert describe_exit(status) == text
