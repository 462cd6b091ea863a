"""What doctor and status say of the page of this machine, and what the page counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import generate_latest

from streams.config.rules import Rules
from streams.config.rules.page import PageRules
from streams.config.settings import Settings
from streams.operations.readers.page import check_page, readiness
from streams.page.metrics import METRICS
from streams.page.server import listening, make_app
from tests.page.serving import alert_record, serving, three_roles


@asynccontextmanager
async def page(reason: str | None, rules: PageRules = PageRules()) -> AsyncIterator[Settings]:  # noqa: B008 - frozen
    """A page that is ready or not, and the settings that name its port."""
    app = make_app(Settings(), rules, not_ready_reason=lambda: reason)
    async with listening(app, "127.0.0.1", 0) as url:
        yield Settings(page_port=int(url.rpartition(":")[2]))


async def test_page_that_has_read_everything_is_fine() -> None:
    async with page(None) as settings:
        (found,) = await check_page(settings, Rules())
    assert found.verdict == "ok"
    assert found.what.endswith("for this machine alone: no rule says who may look")


async def test_page_that_still_reads_gives_its_reason() -> None:
    rules = three_roles()
    async with page("sales.kpis is still being read", rules) as settings:
        (found,) = await check_page(settings, Rules(page=rules))
    assert found.verdict == "look"
    assert found.what.endswith(
        f":{settings.page_port} is not ready: sales.kpis is still being read"
    )


async def test_page_that_is_elsewhere_is_no_fault() -> None:
    settings = Settings(page_port=1)
    assert await readiness(settings) is None
    assert await check_page(settings, Rules()) == []
    (found,) = await check_page(settings, Rules(page=three_roles()))
    assert found.verdict == "ok"


async def test_page_counts_answers_by_what_was_asked_for() -> None:
    async with serving() as made:
        made.publish()
        made.alerts.update("lead_unanswered|lead-1", alert_record("lead-1", "ann"))
        for path in ("/", "/people", "/api/kpis", "/api/kpis?kpi=x", "/no/such/path"):
            async with made.session.get(made.url + path) as answer:
                await answer.read()
        async with made.session.get(made.url + "/api/history?kpi=revenue_won") as answer:
            assert answer.status == 404
        shown = generate_latest(made.app[METRICS].registry).decode()
    for line in (
        'sales_kpis_page_requests_total{kind="view",status="200"} 2.0',
        'sales_kpis_page_requests_total{kind="api",status="400"} 1.0',
        'sales_kpis_page_requests_total{kind="other",status="404"} 1.0',
        'sales_kpis_page_last_change_timestamp_seconds{topic="sales.kpis"} 1.7726256e+09',
        "sales_kpis_page_streams 0.0",
        # There is none, which is no failure.
        "sales_kpis_page_history_unavailable 0.0",
    ):
        assert line in shown, line
