"""What a worker leaves in its log when it ends itself."""

import subprocess
import sys

STUCK = """
import asyncio
from streams.agents.faust_app import exit_process
from streams.agents.log_filters import set_up_logging
from streams.kafka.errors import Stuck

async def restore(never):
    await never.wait()

async def main():
    waiting = asyncio.create_task(restore(asyncio.Event()), name="aggregate/3")
    await asyncio.sleep(0)
    exit_process(Stuck("aggregate/3 has made no progress with restoring for 61 s"))

set_up_logging("text")
asyncio.run(main())
"""


def test_stuck_worker_logs_where_each_task_waits_and_what_it_waited_for() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert any("Task aggregate/3: " in line and " restore > " in line for line in lines)
    assert lines[-1].endswith("stopping: aggregate/3 has made no progress with restoring for 61 s")
