"""Log lines in both forms, and what others sent within them."""

import json
import logging
import subprocess
import sys

import pytest

from streams.config.declaration import BadSetting
from streams.config.settings import LOG_FORMS, Settings
from streams.process.logs import JsonLines, TextLines

NASTY = "lead\n2026-01-01 00:00:00,000 CRITICAL stopping: forged\x1b[2J\x85\u2028\u202e"
LINE = r"lead\n2026-01-01 00:00:00,000 CRITICAL stopping: forged\u001b[2J\u0085\u2028\u202e"


def record(
    message: str, *arguments: object, error: BaseException | None = None
) -> logging.LogRecord:
    """Make what a logger would."""
    about = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("streams.x", logging.WARNING, "x.py", 1, message, arguments, about)
    made.created, made.msecs = 1767225600.25, 250.0
    return made


def raised(text: str) -> ValueError:
    """Give an error with its traceback."""
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def test_text_is_time_level_and_message() -> None:
    line = TextLines().format(record("took %d shards", 3))
    assert line.endswith(",250 WARNING took 3 shards")
    assert line[:4] in ("2025", "2026")  # local time


def test_json_is_one_object_a_line() -> None:
    assert json.loads(JsonLines().format(record("took %d shards of Zürich", 3))) == {
        "time": "2026-01-01T00:00:00.250Z",
        "level": "warning",
        "logger": "streams.x",
        "message": "took 3 shards of Zürich",
    }


def test_what_was_sent_cannot_forge_a_line_of_text() -> None:
    line = TextLines().format(record("refused %s", NASTY))
    assert line.endswith(f"WARNING refused {LINE}")
    assert len(line.splitlines()) == 1


def test_what_was_sent_cannot_forge_a_line_of_json() -> None:
    line = JsonLines().format(record("refused %s", NASTY))
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert json.loads(line)["message"] == f"refused {NASTY}"


def test_traceback_in_text_is_marked_line_by_line() -> None:
    first, *rest = TextLines().format(record("failed", error=raised(NASTY))).splitlines()
    assert first.endswith("WARNING failed")
    assert rest
    assert all(line.startswith("    | ") for line in rest)
    assert not any("\x1b" in line for line in rest)


def test_traceback_in_json_is_in_the_same_line() -> None:
    line = JsonLines().format(record("failed", error=raised(NASTY)))
    assert len(line.splitlines()) == 1
    assert json.loads(line)["error"].startswith("Traceback (most recent call last):\n")


def test_text_that_is_no_unicode_is_logged_all_the_same() -> None:
    assert json.loads(JsonLines().format(record("\udc80")))["message"] == "\\udc80"


@pytest.mark.parametrize("form", LOG_FORMS)
def test_form_is_a_setting(form: str) -> None:
    assert Settings.from_environment({"SALES_KPIS_LOG": form}).log == form


def test_form_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadSetting, match="SALES_KPIS_LOG='xml' is none of text, json"):
        Settings.from_environment({"SALES_KPIS_LOG": "xml"})


def test_worker_logs_in_the_form_that_is_set() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", "worker", "--bootstrap", "127.0.0.1:1"],
        env={"SALES_KPIS_LOG": "json"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert said[-1]["level"] == "critical"
    assert said[-1]["message"].startswith("stopping: no Kafka there")
