"""What the image installs is what the product needs to run, and no tool of its developers."""

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN = "requirements.lock"
DEVELOP = "requirements-dev.lock"


def names(requirements: list[str]) -> set[str]:
    """Give the normalised names of requirements."""
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def locked(file: str) -> dict[str, str]:
    """Give the version of each package that a lock names."""
    found = re.findall(r"(?m)^([\w.-]+)==(\S+)", (ROOT / file).read_text())
    return {canonicalize_name(name): version for name, version in found}


RUN_TIME = names(PROJECT["project"]["dependencies"])
TOOLS = names(PROJECT["dependency-groups"]["dev"])


def test_run_time_lock_has_every_dependency_and_no_tool() -> None:
    assert locked(RUN).keys() >= RUN_TIME
    assert not locked(RUN).keys() & TOOLS


def test_development_lock_is_the_run_time_lock_and_the_tools() -> None:
    assert locked(DEVELOP).items() >= locked(RUN).items()
    assert locked(DEVELOP).keys() >= TOOLS


def test_every_locked_package_has_hashes() -> None:
    for file in (RUN, DEVELOP):
        entries = re.split(r"(?m)^(?=\S)", (ROOT / file).read_text())
        assert all("--hash=sha256:" in entry for entry in entries if entry)


def test_installed_product_asks_for_no_tool() -> None:
    asked = names(requires("sales-kpi-streams") or [])
    assert asked == RUN_TIME
    assert not asked & TOOLS


def test_image_installs_the_run_time_lock_and_developers_the_other() -> None:
    image = (ROOT / "deploy/Dockerfile").read_text()
    assert f"pip install --require-hashes -r {RUN}\n" in image
    assert DEVELOP not in image
    assert DEVELOP not in (ROOT / "deploy/Dockerfile.dockerignore").read_text()
    assert f"--require-hashes -r {DEVELOP})" in (ROOT / "Makefile").read_text()
