"""Log lines on standard error: text for people, JSON for programs; one entry a line in both.

What is logged may quote what others sent, so that no control character gets out as it is: a
subject with a line's end in it must not look like an entry of its own.
"""

import logging
import re
import sys
from datetime import UTC, datetime

import orjson

# Control characters, and what other programs take for a line's end or turns text around.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# No entry begins like this: what follows belongs to the one above.
CONTINUED = "    | "


def set_up(form: str, level: int) -> None:
    """Log to standard error in one of the LOG_FORMS, unless somebody has set up logging before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=level, handlers=[handler])


def escaped(text: str) -> str:
    """Write control characters as a Python or JSON text would."""
    return _UNSAFE.sub(lambda found: _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}", text)


class TextLines(logging.Formatter):
    """Time, level, message; the lines of a traceback follow, marked."""

    def format(self, record: logging.LogRecord) -> str:
        """Write an entry."""
        entry = f"{self.formatTime(record)} {record.levelname} {escaped(record.getMessage())}"
        more = (CONTINUED + escaped(line) for line in _traceback(self, record).split("\n") if line)
        return "\n".join((entry, *more))


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, message, and a traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Write an entry."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _readable(record.getMessage()),
        }
        if error := _traceback(self, record):
            said["error"] = _readable(error)
        # JSON escapes some of these, not all; outside of texts it has none of them.
        return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", orjson.dumps(said).decode())


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(parts)


def _readable(text: str) -> str:
    """Replace what no UTF-8 can hold."""
    return text.encode(errors="backslashreplace").decode()
