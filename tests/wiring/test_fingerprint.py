"""The fingerprint of a core: whatever may change a cell changes it, and nothing else should."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from streams.config.rules import read
from streams.config.settings import Settings
from streams.wiring import fingerprint
from streams.wiring.core import build_core

RULES = """
[definitions]
response_hours = "business"

[definitions.business]
days = ["sunday", "monday"]
country = "DE"
"""
ASKED = """
from pathlib import Path
from streams.config.rules import read
from streams.config.settings import Settings
from streams.wiring.core import build_core
path = Path(__import__("sys").argv[1])
print(build_core(Settings(rules=path), read(path)).fingerprint)
"""


def of(**changed: Any) -> str:
    """The fingerprint under some settings and their rules."""
    settings = replace(Settings(), **changed)
    return build_core(settings, read(settings.rules)).fingerprint


@pytest.mark.parametrize(
    ("name", "value"), [("timezone", "Asia/Tehran"), ("stale_days", 7), ("partitions", 3)]
)
def test_setting_that_changes_cells_changes_it(name: str, value: object) -> None:
    assert of(**{name: value}) != of()


@pytest.mark.parametrize(("name", "value"), [("now", 1), ("log", "json"), ("gateway_port", 1)])
def test_setting_that_changes_no_cell_does_not(name: str, value: object) -> None:
    assert of(**{name: value}) == of()


def test_rules_change_it_but_not_those_of_the_page(tmp_path: Path) -> None:
    alerts, page = tmp_path / "alerts.toml", tmp_path / "page.toml"
    alerts.write_text("[alerts.lead_unanswered]\nenabled = false\n")
    page.write_text("[page]\n")
    assert of(rules=alerts) != of()
    assert of(rules=page) == of()


def test_it_is_the_same_in_another_process(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    found = {
        subprocess.run(
            [sys.executable, "-c", ASKED, str(rules)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_changed_line_of_any_room_changes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def digest() -> bytes:
        fingerprint._code_digest.cache_clear()
        return fingerprint._code_digest()

    before = digest()
    try:
        for room in fingerprint.ROOMS:
            (tmp_path / room / "deep").mkdir(parents=True)
        monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path)
        found = {before, digest()}
        for room in fingerprint.ROOMS:
            (tmp_path / room / "deep" / "formula.py").write_text(f"# of {room}\n")
            found.add(digest())
        assert len(found) == len(fingerprint.ROOMS) + 2
    finally:
        monkeypatch.undo()
        assert digest() == before
