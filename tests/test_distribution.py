"""How tests are dealt out to processes: nothing long is left to the end, no server runs twice."""

from pathlib import Path

import pytest

from tests.distribution import LONGEST, SHARED, unit_of

TESTS = Path(__file__).parent


@pytest.mark.parametrize("name", [*LONGEST, *SHARED])
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
