"""Processes `sales-kpis history`, which a test starts and kills."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from streams.config.settings import Settings

KEEP = (sys.executable, "-m", "streams.cli", "history")


class Keeper:
    """Processes `sales-kpis history`, one after another on the same history."""

    def __init__(self, settings: Settings, address: str, log: Path) -> None:
        self.log = log
        self.address = address
        self._environment = {
            **os.environ,
            "SALES_KPIS_BOOTSTRAP": settings.bootstrap,
            "SALES_KPIS_PARTITIONS": str(settings.partitions),
            "SALES_KPIS_HISTORY": address,
        }

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one."""
        with self.log.open("ab") as log:
            command = [*KEEP, *arguments]
            return subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    async def finish(self, *arguments: str) -> None:
        """Run one until all is written."""
        code = await asyncio.to_thread(self.start(*arguments).wait)
        assert code == 0, self.log.read_text()
