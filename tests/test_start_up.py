"""What commands load as they start: whoever runs them waits for it each time."""

import os
import subprocess
import sys

import pytest

PROGRAM = (
    "import sys; from streams.cli import main; main(sys.argv[1:], standalone_mode=False);"
    "print(*sys.modules, file=sys.stderr)"
)
CLIENTS = {"aiohttp", "aiokafka", "asyncpg", "aiosmtplib", "faust", "prometheus_client"}
WRITERS = {"babel", "cryptography", "holidays", "jinja2", "jwt", "rich", "xlsxwriter", "yaml"}
KPIS = {"streams.engine.merge", "streams.kpis", "streams.wiring"}
SOURCES = {"jmespath", "streams.sources.mapping"}


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (("--version",), CLIENTS | WRITERS | KPIS | SOURCES),
        (("worker", "--help"), CLIENTS | WRITERS | KPIS | SOURCES),
        (("topics", "rights"), {"aiohttp", "faust"} | WRITERS | KPIS | SOURCES),
        (("replay", os.devnull), CLIENTS | SOURCES),
        (("sources", "check"), CLIENTS | {"babel", "holidays", "jinja2", "rich", "xlsxwriter"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_command_loads_nothing_that_it_does_not_need(
    arguments: tuple[str, ...], unneeded: set[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        # No rules file, whose KPIs would have to be looked at.
        env={name: text for name, text in os.environ.items() if not name.startswith("SALES_KPIS")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = set(done.stderr.split())
    assert "streams.cli" in loaded
    assert loaded & unneeded == set()
