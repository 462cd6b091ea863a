"""Reporting while `sales.kpis` cannot be read."""

import asyncio
from dataclasses import replace

import pytest

from streams.broker.ports import free_port
from streams.notify.reporting import Reporting
from streams.process.cancellation import stopped
from tests.installation.installed import eventually
from tests.notify.reports.test_desk import MONDAYS, RULE, desk
from tests.notify.reports.week import MONDAY, settings


async def test_reports_wait_for_what_cannot_be_read_and_end_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nobody = f"127.0.0.1:{free_port('127.0.0.1')}"
    found = desk(RULE + MONDAYS)
    away = replace(settings(), bootstrap=nobody)
    reporting = asyncio.create_task(Reporting(away, found, lambda: MONDAY, lambda _: None).run())

    async def is_told() -> bool:
        return "reports wait: sales.kpis cannot be read" in caplog.text

    try:
        await eventually(is_told)
        assert not reporting.done()
        assert found.due(MONDAY)
    finally:
        await stopped(reporting)
