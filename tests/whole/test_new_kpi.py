"""A KPI that is new in the catalogue has its whole history when the worker comes back."""

import sys
from datetime import date
from pathlib import Path

import pytest

from streams.broker.embedded import EmbeddedKafka
from tests.histories import history, lines
from tests.whole.lines import first_difference, records
from tests.whole.processes import (
    Worker,
    run,
    working,
)

NEW = "deal_size"


@pytest.mark.soak
def test_worker_with_a_new_kpi_publishes_its_history_without_new_events(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(lines(history(5, 2_000, start=date(2026, 1, 5), days=40)))
    with EmbeddedKafka() as broker:
        environment = {
            "SALES_KPIS_BOOTSTRAP": broker.bootstrap,
            "SALES_KPIS_NOW": "2026-03-10T12:00:00+00:00",
        }
        run(environment, "topics", "apply")
        yesterday = [sys.executable, "-m", "tests.whole.worker_without", NEW]
        with working(Worker(environment, tmp_path / "old.log", yesterday)):
            run(environment, "ingest", str(file))
            run(environment, "status", "--wait")
            assert run(environment, "dump", "--kpi", NEW) == ""
        with working(Worker(environment, tmp_path / "new.log")):
            run(environment, "status", "--wait")
            run(environment, "dump", out=tmp_path / "live.jsonl")
        run(environment, "replay", str(file), out=tmp_path / "replayed.jsonl")
    live, replayed = records(tmp_path / "live.jsonl"), records(tmp_path / "replayed.jsonl")
    assert any(b'"kpi":"deal_size"' in record for record in live)
    assert first_difference(live, replayed) is None
