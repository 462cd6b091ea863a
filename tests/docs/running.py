"""Runs the blocks of a page as a reader would, in one shell and one empty folder."""

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.docs.installation import Installation
from tests.docs.pages import Block, Page

RUN = frozenset(("sh", "python", "sql"))
SECONDS = 90.0
SHOWN = 6_000
# Tables that one block makes are there for the next.
QUERY = """
import duckdb, sys

with duckdb.connect(sys.argv[1]) as connection:
    found = connection.sql(sys.stdin.read())
    if found is not None:
        print(found)
"""


# Programs that this product does not bring along.
PROGRAMS = ("curl", "jq", "openssl")


class Failed(AssertionError):
    """A page that cannot be followed; the message has all output, which names the block."""


def runnable(page: Page) -> list[Block]:
    """Give the blocks of a page that are run."""
    return [block for block in page.blocks if block.language in RUN and block.reason is None]


def missing(page: Page) -> list[str]:
    """Name the programs that a page's blocks call and this machine lacks."""
    text = "\n".join(block.text for block in runnable(page))
    return [
        name for name in PROGRAMS if re.search(rf"\b{name} ", text) and shutil.which(name) is None
    ]


def run(page: Page, installation: Installation, folder: Path, seconds: float = SECONDS) -> str:
    """Run a page's blocks in order and give the output; Failed if one fails or takes too long.

    `folder` is empty; the blocks run in a folder of it. Processes that a block leaves behind
    end with the page.
    """
    work, aside = folder / "work", folder / "aside"
    work.mkdir()
    aside.mkdir()
    script = aside / "page.sh"
    script.write_text(_script(page, installation, aside), encoding="utf-8")
    bash = shutil.which("bash")
    assert bash is not None, "there is no bash on the path: pages are run by it"
    log = aside / "output"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [bash, str(script)],
            cwd=work,
            env=installation.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        status = None
    finally:
        _end(process)
    text = log.read_text(encoding="utf-8", errors="replace")
    if status != 0:
        how = f"ended with status {status}" if status else f"took more than {seconds:g} s"
        raise Failed(f"the last block of {page.name} below {how}:\n{text[-SHOWN:]}")
    return text


def _script(page: Page, installation: Installation, aside: Path) -> str:
    parts = ["set -euo pipefail"]
    for block in runnable(page):
        code = installation.located(block.text)
        parts.append(f"echo '--- {page.name}:{block.line} ({block.language})'")
        if block.language == "sh":
            parts.append(code)
            continue
        file = aside / f"{block.line}.{block.language}"
        file.write_text(code, encoding="utf-8")
        if block.language == "python":
            parts.append(f"python - <'{file}'")
        else:
            query = aside / "query.py"
            query.write_text(QUERY, encoding="utf-8")
            parts.append(f"python '{query}' '{aside / 'tables.duckdb'}' <'{file}'")
    return "\n".join(parts) + "\n"


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the shell's whole session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
