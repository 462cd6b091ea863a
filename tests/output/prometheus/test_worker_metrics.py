"""A worker process whose metrics are chosen in its settings."""

import asyncio
import os
import subprocess
from pathlib import Path

import aiohttp
from click.testing import CliRunner

from streams.bench.processes import running
from streams.broker.ports import free_port
from streams.cli import main
from streams.config.settings import Settings
from streams.process.child import PRODUCT

HOST = "127.0.0.1"
SECONDS = 60.0


async def test_worker_serves_metrics_on_the_port_of_its_settings(
    settings: Settings, tmp_path: Path
) -> None:
    port = free_port(HOST)
    environment = {
        "SALES_KPIS_BOOTSTRAP": settings.bootstrap,
        "SALES_KPIS_METRICS_PORT": str(port),
    }
    with running([*PRODUCT, "worker"], tmp_path / "log", environment) as worker:
        async with aiohttp.ClientSession() as client, asyncio.timeout(SECONDS):
            while not (page := await metrics(client, port)):
                assert worker.is_running, worker.last_lines()
                await asyncio.sleep(0.1)
    assert "# TYPE sales_kpis_shards gauge" in page


async def metrics(client: aiohttp.ClientSession, port: int) -> str:
    """Return a worker's page; empty while it does not listen."""
    try:
        async with client.get(f"http://{HOST}:{port}/metrics") as answer:
            return await answer.text()
    except aiohttp.ClientConnectionError:
        return ""


def test_bad_port_is_refused_with_the_name_of_the_option() -> None:
    done = CliRunner().invoke(main, ["worker", "--metrics-port", "65536"])
    assert done.exit_code == 2
    assert "--metrics-port" in done.output


def test_unknown_kpi_is_refused_by_name_before_anything_starts() -> None:
    done = subprocess.run(
        [*PRODUCT, "worker", "--processes", "2"],
        env={**os.environ, "SALES_KPIS_METRICS_KPIS": "revenue_won,glow"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 1
    assert "SALES_KPIS_METRICS_KPIS names 'glow', which is no KPI" in done.stderr
    assert "Traceback" not in done.stderr
