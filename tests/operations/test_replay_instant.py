"""`replay` as of an instant, however that is named."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli import main
from tests.kpis.story import (
    DAY,
    Told,
    call,
    deal,
    instant,
    lead,
)

EVENTS = (
    lead("03-01 09:00"),
    deal("03-02 09:00", amount="100", rep="ann", status="open"),
    deal("03-08 09:00", amount="300", rep="bob", status="won"),
    call("03-09 09:00"),
)


def lines(folder: Path, *arguments: str, **environment: str) -> list[bytes]:
    """Give what the command prints."""
    file = folder / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    done = CliRunner().invoke(main, ["replay", str(file), *arguments], env=environment)
    assert done.exit_code == 0, done.stderr
    # When it was written is the only thing that differs from run to run.
    return [line.split(b',"updated_at"')[0] for line in done.stdout_bytes.splitlines()]


def told(folder: Path, now: str) -> Told:
    """Replay in Berlin as of an instant."""
    found = lines(folder, "--now", now, "--timezone", "Europe/Berlin")
    return Told([json.loads(line.removesuffix(b"}") + b"}") for line in found], instant(now))


def test_what_is_later_is_not_there(tmp_path: Path) -> None:
    found = told(tmp_path, "2026-03-05T12:00:00+01:00")
    assert found.parts("deal_conversion") == {"hits": 0, "total": 1}
    assert "response_time" not in found
    assert found["pipeline_amount", "rep=ann"] == "100.00"


def test_what_has_come_by_then_is_there(tmp_path: Path) -> None:
    found = told(tmp_path, "2026-03-10T12:00:00+01:00")
    assert found.parts("deal_conversion") == {"hits": 1, "total": 1}
    assert found["revenue_won", "rep=bob"] == "300.00"
    assert found["response_time"] == 8 * DAY


@pytest.mark.parametrize("more", [(), ("--alerts",)])
def test_setting_and_option_name_the_same_instant(tmp_path: Path, more: tuple[str, ...]) -> None:
    now = "2026-03-05T12:00:00Z"
    option = lines(tmp_path, "--now", now, *more)
    assert option
    assert lines(tmp_path, *more, SALES_KPIS_NOW=now) == option
    # The option goes before the setting.
    assert lines(tmp_path, "--now", now, *more, SALES_KPIS_NOW="2026-03-10T12:00:00Z") == option
    assert lines(tmp_path, *more, SALES_KPIS_NOW="2026-03-01T08:59:59Z") == []
