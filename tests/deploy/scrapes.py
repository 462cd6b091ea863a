"""`python -m tests.deploy.scrapes`: whether Prometheus can scrape workers with many reps.

Real workers and a real gateway on a real Kafka, with a history of many reps and with live events,
scraped by a real Prometheus with the committed configuration. Exits with 1 if a scrape failed or
was too slow. The first scrape of a worker is judged apart: Prometheus creates its series then.
"""

import asyncio
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import click
import orjson

from streams.bench.processes import running
from streams.broker.embedded import EmbeddedKafka
from streams.broker.ports import free_port
from streams.process.child import PRODUCT, inherited
from tests.deploy.prometheus import BINARY, prometheus
from tests.histories import history, lines

HOST = "127.0.0.1"
DAYS = 45
LIVE_PER_SECOND = 10
READY_SECONDS = 300.0
POLL_SECONDS = 0.5
# 72,000 new series take Prometheus 0.8 s on two idle cores, whoever serves them; half its timeout.
LIMITS_S = {"first_s": 5.0, "longest_after_s": 1.0}
# A history is large enough if so many of its reps, and so many gauges of KPIs, are shown.
REPS_SHARE = 0.9
LEAST_KPIS = 60
OF_REPS = '{dimension="rep",window="last_30d"}'
OF_KPIS = '{dimension="all",window="month"}'


@dataclass(frozen=True)
class Running:
    """The addresses of what runs."""

    gateway: int
    workers: list[int]
    token: str
    folder: Path


@contextmanager
def installation(folder: Path, events: int, reps: int) -> Iterator[Running]:
    """Run two workers and a gateway on a Kafka with a history."""
    ports: list[int] = []
    for _ in range(3):
        ports.append(free_port(HOST, but=ports))
    token = secrets.token_hex(24)
    start = datetime.now(UTC).date() - timedelta(days=DAYS)
    (folder / "events.jsonl").write_bytes(
        lines(history(1, events, start=start, days=DAYS, reps=reps))
    )
    with EmbeddedKafka() as broker, ExitStack() as stack:
        settings = {"SALES_KPIS_BOOTSTRAP": broker.bootstrap, "SALES_KPIS_TOKEN": token}
        for command in (["topics", "apply"], ["ingest", str(folder / "events.jsonl")]):
            subprocess.run([*PRODUCT, *command], env=inherited(**settings), check=True)
        for number, port in enumerate(ports[1:]):
            command = [*PRODUCT, "worker", "--metrics-port", str(port)]
            stack.enter_context(running(command, folder / f"worker-{number}.log", settings))
        command = [*PRODUCT, "gateway", "--port", str(ports[0])]
        stack.enter_context(running(command, folder / "gateway.log", settings))
        wait = [*PRODUCT, "status", "--wait", "--timeout", str(READY_SECONDS)]
        subprocess.run(wait, env=inherited(**settings), check=True)
        yield Running(ports[0], ports[1:], token, folder)


async def until_ready(session: aiohttp.ClientSession, ports: list[int]) -> None:
    """Wait until every process is ready."""
    async with asyncio.timeout(READY_SECONDS):
        for port in ports:
            while not await is_ready(session, port):
                await asyncio.sleep(POLL_SECONDS)


async def is_ready(session: aiohttp.ClientSession, port: int) -> bool:
    """Return whether a process is ready."""
    try:
        async with session.get(f"http://{HOST}:{port}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def send(session: aiohttp.ClientSession, place: Running, reps: int) -> None:
    """Send events of now, without end: new leads, calls and deals won."""
    dice, number = random.Random(1), 0
    url, headers = (
        f"http://{HOST}:{place.gateway}/events",
        {"Authorization": f"Bearer {place.token}"},
    )
    while True:
        number += 1
        common = {
            "id": f"live-{number}",
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "subject": f"live-lead-{number // 3}",
            "rep": f"rep{1 + dice.randrange(reps)}",
        }
        kinds: tuple[dict[str, Any], ...] = (
            {"type": "lead.created", "channel": "web"},
            {"type": "call.ended", "direction": "outbound", "outcome": "connected"},
            {
                "type": "deal.changed",
                "deal": f"live-{number}",
                "status": "won",
                "amount": "100.00",
                "currency": "EUR",
            },
        )
        async with session.post(url, json=common | kinds[number % 3], headers=headers) as answer:
            answer.raise_for_status()
        await asyncio.sleep(1 / LIVE_PER_SECOND)


async def measured(session: aiohttp.ClientSession, url: str, seconds: float) -> dict[str, Any]:
    """Return what Prometheus measured of its own scrapes in that time."""

    async def ask(query: str) -> dict[str, float]:
        async with session.get(f"{url}/api/v1/query", params={"query": query}) as answer:
            content = await answer.json()
        found = {
            f"{r['metric']['job']} {r['metric']['instance']}": r for r in content["data"]["result"]
        }
        return {name: float(series["value"][1]) for name, series in sorted(found.items())}

    async def durations() -> dict[str, list[float]]:
        params = {"query": f"scrape_duration_seconds{over}"}
        async with session.get(f"{url}/api/v1/query", params=params) as answer:
            content = await answer.json()
        return {
            f"{r['metric']['job']} {r['metric']['instance']}": [float(v) for _, v in r["values"]]
            for r in content["data"]["result"]
        }

    over = f"[{int(seconds) + 1}s]"
    lasted = await durations()
    return {
        "scrapes": await ask(f"count_over_time(up{over})"),
        "failed": await ask(f"count_over_time(up{over}) - sum_over_time(up{over})"),
        "first_s": {name: each[0] for name, each in lasted.items()},
        "longest_after_s": {name: max(each[1:]) for name, each in lasted.items()},
        "median_s": {name: median(each) for name, each in lasted.items()},
        "series": await ask("scrape_samples_scraped"),
        "reps": await ask(
            f"count by (job, instance) (count by (job, instance, value) ({OF_REPS}))"
        ),
        "kpis": await ask(
            f"count by (job, instance) (count by (job, instance, __name__) ({OF_KPIS}))"
        ),
    }


async def page_bytes(session: aiohttp.ClientSession, port: int) -> tuple[int, int]:
    """Return the size of a worker's page as it is sent, and uncompressed."""
    headers = {"Accept-Encoding": "gzip"}
    async with session.get(f"http://{HOST}:{port}/metrics", headers=headers) as answer:
        return int(answer.headers["Content-Length"]), len(await answer.read())


async def scrape(place: Running, seconds: float, reps: int) -> dict[str, Any]:
    """Let Prometheus scrape beside live events, and return what it measured."""
    async with aiohttp.ClientSession() as session:
        await until_ready(session, [*place.workers, place.gateway])
        sending = asyncio.create_task(send(session, place, reps))
        ports = {"worker": place.workers, "gateway": [place.gateway]}
        try:
            with prometheus(place.folder, ports, place.token) as url:
                began = time.monotonic()
                while (left := began + seconds - time.monotonic()) > 0:
                    await asyncio.wait([sending], timeout=min(left, 1.0))
                    if sending.done():
                        sending.result()
                report = await measured(session, url, seconds)
        finally:
            sending.cancel()
        compressed, plain = await page_bytes(session, place.workers[0])
    return {**report, "page_bytes": plain, "page_bytes_gzip": compressed}


def complaints(report: dict[str, Any], reps: int) -> list[str]:
    """Return what is wrong with the scrapes."""
    found = [
        f"{name}: {count:.0f} scrapes failed" for name, count in report["failed"].items() if count
    ]
    found += [
        f"{name}: a scrape lasted {longest:.2f} s"
        for what, limit_s in LIMITS_S.items()
        for name, longest in report[what].items()
        if longest >= limit_s
    ]
    found += [
        f"{name}: {shown:.0f} reps are shown"
        for name, shown in report["reps"].items()
        if shown < REPS_SHARE * reps
    ]
    found += [
        f"{name}: {shown:.0f} KPIs are shown"
        for name, shown in report["kpis"].items()
        if shown < LEAST_KPIS
    ]
    if len(report["scrapes"]) != 3:
        found.append(f"three targets were to be scraped: {', '.join(report['scrapes'])}")
    return found


@click.command()
@click.option("--seconds", type=click.FloatRange(min=45), default=600.0, show_default=True)
@click.option("--reps", type=click.IntRange(1, 10_000), default=300, show_default=True)
@click.option("--events", type=click.IntRange(min=1_000), default=40_000, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Keep logs here.")
def main(seconds: float, reps: int, events: int, folder: Path | None) -> None:
    """Scrape two workers; exit 0 if none failed and each after the first took less than 1 s."""
    if BINARY is None:
        raise click.ClickException("there is no `prometheus` (Debian: apt-get install prometheus)")
    with tempfile.TemporaryDirectory(prefix="scrapes-") as temporary:
        folder = folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with installation(folder, events, reps) as place:
            report = asyncio.run(scrape(place, seconds, reps))
    click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
    wrong = complaints(report, reps)
    for line in wrong:
        click.echo(line, err=True)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
