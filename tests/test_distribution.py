"""How tests are dealt out to processes: nothing long is left to the end, no server runs twice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.distribution import COMPUTING, LONGEST, NICENESS, SHARED, computes, unit_of

TESTS = Path(__file__).parent
SERVERS = frozenset(("kafka", "default_kafka", "postgres", "browser", "settings"))
# Loading those that it does not need would take a second of each process.
PLUGINS = ("-p", "xdist", "-p", "tests.distribution")
# Writes beside itself where it ran: what several processes print is mixed up.
TEST = """
import os
from pathlib import Path

def test_where():
    where = Path(__file__).with_suffix(".ran")
    where.write_text(f"{os.environ['PYTEST_XDIST_WORKER']} {os.nice(0)}")
"""


@pytest.mark.parametrize("name", [*LONGEST, *SHARED, *COMPUTING])
def test_what_is_named_is_there(name: str) -> None:
    assert [*TESTS.glob(f"{name}*")] != []


def test_tests_of_a_module_stay_together() -> None:
    units = {unit_of(f"tests/model/test_trace.py::{test}") for test in ("test_a", "test_b[::1]")}
    assert units == {"tests/model/test_trace.py"}


@pytest.mark.parametrize("server", sorted(set(SHARED.values())))
def test_one_process_runs_all_that_shares_a_server(
    request: pytest.FixtureRequest, server: str
) -> None:
    users = [item for item in request.session.items if server in getattr(item, "fixturenames", ())]
    assert {unit_of(item.nodeid) for item in users} <= {server}


def test_what_only_computes_asks_for_no_server(request: pytest.FixtureRequest) -> None:
    computing = [item for item in request.session.items if computes(unit_of(item.nodeid))]
    for item in computing:
        assert SERVERS.isdisjoint(getattr(item, "fixturenames", ())), item.nodeid


def test_last_process_computes_at_a_low_priority_and_takes_nothing_else(tmp_path: Path) -> None:
    # Two that do not compute for three other processes: one of them has to compute as well.
    made = [f"laws/test_law_{at}.py" for at in range(6)] + ["faults/test_a.py", "worker/test_b.py"]
    files = [tmp_path / "tests" / name for name in made]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(TEST)
    options = ("-n", "4", "--dist", "loadscope", "--no-loadscope-reorder", "-c", os.devnull)
    subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGINS, *options, "tests"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(TESTS.parent), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=True,
        timeout=120,
    )
    workers = set()
    for file in files:
        worker, niceness = file.with_suffix(".ran").read_text().split()
        assert int(niceness) - os.nice(0) == (NICENESS if worker == "gw3" else 0)
        assert worker != "gw3" or file.parent.name == "laws"
        workers.add(worker)
    assert "gw3" in workers
