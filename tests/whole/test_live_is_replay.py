"""Two workers on a real Kafka give what a replay of the file gives, whatever is killed."""

import os
import time
from datetime import date
from pathlib import Path

from streams.broker.embedded import EmbeddedKafka
from tests.histories import disturbed, history, lines
from tests.whole.lines import first_difference, records
from tests.whole.processes import Worker, run, working

# `make soak` takes 100,000.
EVENTS = int(os.environ.get("WHOLE_EVENTS", "12000"))
KILLS = 3


def test_two_workers_of_which_one_is_killed_thrice_give_what_replay_gives(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    told = history(11, EVENTS, start=date(2026, 1, 5), days=60)
    file.write_bytes(lines(disturbed(told, 11, duplicates=0.1, disorder=0.1)))
    with EmbeddedKafka() as broker:
        environment = {
            "SALES_KPIS_BOOTSTRAP": broker.bootstrap,
            "SALES_KPIS_NOW": "2026-03-10T12:00:00+00:00",
            "SALES_KPIS_TIMEZONE": "Asia/Tehran",
        }
        run(environment, "topics", "apply")
        steady = Worker(environment, tmp_path / "steady.log")
        victim = Worker(environment, tmp_path / "victim.log")
        with working(steady, victim):
            run(environment, "ingest", str(file))
            for number in range(KILLS):
                # Some work is under way at each of these moments: the backlog takes longer.
                time.sleep(0.5 + number)
                victim.kill()
                victim.start()
            run(environment, "status", "--wait", "--timeout", "500")
            run(environment, "dump", out=tmp_path / "live.jsonl")
        run(environment, "replay", str(file), out=tmp_path / "replayed.jsonl")
    live, replayed = records(tmp_path / "live.jsonl"), records(tmp_path / "replayed.jsonl")
    assert len(replayed) > EVENTS
    assert first_difference(live, replayed) is None
