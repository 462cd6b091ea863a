"""A pytest plugin that deals the tests out to processes: costly ones first, sharers together.

Tests of several processes wait for each other much of the time. With four or more processes, the
last one begins with tests that only compute, and lets all others go first.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# What takes ten seconds or more, the longest first: a process that began one of them last would
# still be at it when the others have nothing left to do. All else keeps its random order.
LONGEST = (
    "gateway/",
    "docs/test_running.py",
    "operations/test_verify.py",
    "page/browser/test_look.py",
    "worker/test_worker.py",
    "chaos/test_chaos.py",
    "faults/test_producers_transactions.py",
    "demo/test_demo.py",
    "notify/test_service.py",
    "faults/test_broker.py",
    "whole/test_secured.py",
    "history/",
    "faults/test_topics.py",
    "faults/test_snapshots.py",
    "faults/test_choice.py",
    "notify/test_kills.py",
    "broker/test_life.py",
    "page/browser/test_live.py",
    "laws/test_law_of_the_oracle.py",
    "whole/test_merged_live_is_replay.py",
    "translation/test_translate.py",
    "laws/test_law_of_changes.py",
    "tasks/test_alert_publisher.py",
    "tasks/test_reroutes.py",
    "worker/test_broken_clients.py",
    "deploy/grafana/test_panel_values.py",
    "worker/test_supervisor.py",
    "broker/test_markers.py",
    "bench/test_parts.py",
    "faults/test_versions.py",
    "tasks/test_aggregate_task.py",
    "page/browser/test_targets.py",
    "whole/test_repartition.py",
    "worker/test_dead_letters.py",
    "tasks/test_forwards.py",
    "internal_topics/test_progress.py",
)
# Rooms whose tests share a server of the whole session, by that server: one process starts it, and
# no other has it running beside its own tests. A room within one of these is with its parent.
SHARED = {
    "gateway/": "default_kafka",
    "output/": "default_kafka",
    "page/test_": "default_kafka",
    "history/": "postgres",
}
# Rooms whose tests start no process and wait for nothing.
COMPUTING = (
    "artifacts/",
    "catalogue/",
    "choice/",
    "engine/",
    "events/",
    "journeys/",
    "kpis/",
    "languages/",
    "laws/",
    "model/test_protocol.py",
    "oracle/",
    "sources/mapping/",
    "test_structure.py",
)
# With fewer processes none is spared for them.
PROCESSES = 4
# A tenth of the processor's time that each other process may have while both need it.
NICENESS = 10
# Linux may divide the time between sessions first, of which brokers and workers have their own.
SESSION_NICENESS = Path("/proc/self/autogroup")


def unit_of(nodeid: str) -> str:
    """Name what one process runs as a whole: a module, or all that shares a server."""
    module = nodeid.partition("::")[0]
    name = module.removeprefix("tests/")
    return next((server for room, server in SHARED.items() if name.startswith(room)), module)


def computes(unit: str) -> bool:
    """Tell whether all tests of a unit only compute."""
    return unit.removeprefix("tests/").startswith(COMPUTING)


def gives_way(workerinput: dict[str, Any]) -> bool:
    """Tell whether a process is the one that only computes, by what xdist tells each process."""
    count = workerinput["workercount"]
    return bool(count >= PROCESSES and workerinput["workerid"] == f"gw{count - 1}")


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Gives whole modules to processes, and all those that share a server to one of them."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        """Give a process the first unit of its kind; the one that gives way gets no others."""
        computing = gives_way(node.workerinput)
        found = next((unit for unit in self.workqueue if computes(unit) == computing), None)
        if found is not None:
            self.workqueue.move_to_end(found, last=False)
        elif computing:
            node.shutdown()
            return
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Replace the scheduler of `--dist`."""
    return Scheduling(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """Lower the priority of the process that gives way."""
    workerinput = getattr(config, "workerinput", None)
    if workerinput is not None and gives_way(workerinput):
        os.nice(NICENESS)
        with suppress(OSError):
            os.setsid()
            SESSION_NICENESS.write_text(str(NICENESS))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the order is random otherwise."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    name = item.nodeid.removeprefix("tests/")
    return next((at for at, it in enumerate(LONGEST) if name.startswith(it)), len(LONGEST))
