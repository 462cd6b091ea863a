"""Two workers with merges and erasures among the events give what a replay of the file gives."""

import time
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from streams.broker.embedded import EmbeddedKafka
from streams.events import TOPIC_OF
from tests.histories import (
    disturbed,
    history,
    lines,
)
from tests.whole.lines import first_difference, records
from tests.whole.processes import (
    Worker,
    run,
    working,
)

EVENTS = 1_800
MERGED, ERASED = 0.2, 0.03
OF_ACCOUNTS = ("crm.order", "crm.invoice", "crm.ticket")


def test_two_workers_of_which_one_is_killed_merge_and_erase_as_replay_does(
    tmp_path: Path,
) -> None:
    events = [*history(17, EVENTS, start=date(2026, 1, 5), days=60)]
    events += wholes(events, Random(17))
    file = tmp_path / "history.jsonl"
    # Merges and erasures come anywhere, long before or after what they are about.
    file.write_bytes(lines(disturbed(events, 17, duplicates=0.1, disorder=0.5)))
    with EmbeddedKafka() as broker:
        environment = {
            "SALES_KPIS_BOOTSTRAP": broker.bootstrap,
            "SALES_KPIS_NOW": "2026-03-10T12:00:00+00:00",
            "SALES_KPIS_ERASURE_KEY": "a secret",
        }
        run(environment, "topics", "apply")
        steady = Worker(environment, tmp_path / "steady.log")
        victim = Worker(environment, tmp_path / "victim.log")
        with working(steady, victim):
            run(environment, "ingest", str(file))
            time.sleep(0.5)
            victim.kill()
            victim.start()
            run(environment, "status", "--wait", "--timeout", "500")
            run(environment, "dump", out=tmp_path / "live.jsonl")
        run(environment, "replay", str(file), out=tmp_path / "replayed.jsonl")
        unmerged = tmp_path / "unmerged.jsonl"
        unmerged.write_bytes(lines(event for event in events if "subject." not in event["type"]))
        run(environment, "replay", str(unmerged), out=tmp_path / "otherwise.jsonl")
    live, replayed = records(tmp_path / "live.jsonl"), records(tmp_path / "replayed.jsonl")
    assert records(tmp_path / "otherwise.jsonl") != replayed
    assert first_difference(live, replayed) is None


def wholes(events: list[dict[str, Any]], random: Random) -> list[dict[str, Any]]:
    """Merge a share of all subjects into others of their kind, and erase a few."""
    found: list[dict[str, Any]] = []
    for topic, is_account in (("crm.lead", False), ("crm.invoice", True)):
        names = sorted(
            {
                event["subject"]
                for event in events
                if "subject" in event and (TOPIC_OF[event["type"]] in OF_ACCOUNTS) is is_account
            }
        )
        leads = [name for name in names if not name.startswith("rep:")]
        found += [
            {**whole("merged", n, topic, random.choice(leads)), "into": random.choice(leads)}
            for n in range(int(len(leads) * MERGED))
        ]
        found += [
            whole("erased", n, topic, random.choice(names)) for n in range(int(len(names) * ERASED))
        ]
    return found


def whole(what: str, number: int, topic: str, subject: str) -> dict[str, Any]:
    """Let something befall a subject as a whole, on some day of the history."""
    return {
        "id": f"{what}-{number}",
        "type": f"subject.{what}",
        "at": f"2026-02-{number % 28 + 1:02}T12:00:00Z",
        "subject": subject,
        "topic": topic,
    }
