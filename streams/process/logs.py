"""Log lines on standard error: text for people, JSON for programs; one entry per line in both.

Log messages may quote input from others, so control characters are escaped: a subject with a line
end in it must not look like an entry of its own.
"""

import logging
import re
import sys
from datetime import UTC, datetime

import orjson

# Control characters, and characters that other programs treat as line ends or text direction.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# No entry begins like this: such a line belongs to the entry above.
CONTINUED = "    | "


def set_up(form: str, level: int) -> None:
    """Log to standard error in one of the LOG_FORMS, unless logging has been set up before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=level, handlers=[handler])


def escaped(text: str) -> str:
    """Escape control characters as in a Python or JSON text."""
    return _UNSAFE.sub(lambda found: _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}", text)


class TextLines(logging.Formatter):
    """Time, level, message; the lines of a traceback follow, indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Write an entry."""
        entry = f"{self.formatTime(record)} {record.levelname} {escaped(record.getMessage())}"
        more = (CONTINUED + escaped(line) for line in _traceback(self, record).split("\n") if line)
        return "\n".join((entry, *more))


class JsonLines(logging.Formatter):
    """One object per line: time, level, logger, message, and a traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Write an entry."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _readable(record.getMessage()),
        }
        if error := _traceback(self, record):
            entry["error"] = _readable(error)
        # JSON escapes some of these, not all; outside of texts it has none of them.
        return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", orjson.dumps(entry).decode())


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(parts)


def _readable(text: str) -> str:
    """Replace what cannot be encoded as UTF-8."""
    return text.encode(errors="backslashreplace").decode()
