"""A real Prometheus with the committed configuration, its targets on this machine."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from streams.broker.ports import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
BINARY = shutil.which("prometheus")


@contextmanager
def prometheus(
    folder: Path, ports: Mapping[str, Sequence[int]], token: str, **timing: str
) -> Iterator[str]:
    """Run one and yield its address; `ports` by job, `timing` replaces that of the file."""
    config: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    config["global"] |= timing
    config["rule_files"] = [str(DEPLOY / "prometheus" / name) for name in config["rule_files"]]
    for job in config["scrape_configs"]:
        targets = [f"127.0.0.1:{port}" for port in ports.get(job["job_name"], ())]
        job["static_configs"] = [{"targets": targets}]
        job.pop("dns_sd_configs", None)
        if "authorization" in job:
            (folder / "token").write_text(token)
            job["authorization"] = {"credentials_file": str(folder / "token")}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port('127.0.0.1')}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(BINARY),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=20)
