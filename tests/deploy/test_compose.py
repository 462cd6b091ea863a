"""`docker compose up`: what can be known without starting a container."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from streams.cli import main
from streams.config.settings import Settings

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "sales-kpis"]
SCRAPED = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
PROVISIONING = ROOT / "deploy/grafana/provisioning"


def interpolated(text: str, environment: dict[str, str]) -> str:
    """Fill in `${NAME:-default}` and `${NAME:?message}` as compose does."""
    return re.sub(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)\}", lambda m: environment.get(m[1], m[2]), text)


def test_all_of_it_is_there() -> None:
    assert set(SERVICES) == {
        "kafka", "topics", "gateway", "worker-1", "worker-2", "prometheus", "grafana",
    }  # fmt: skip


@pytest.mark.parametrize("service", OURS)
def test_command_is_one_that_exists(service: str) -> None:
    command: click.Command = main
    arguments = list(SERVICES[service]["command"])
    while isinstance(command, click.Group):
        context = click.Context(command)
        _, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command = found
    context = command.make_context(service, arguments)
    if service != "topics":
        assert context.params["host"] == "0.0.0.0"  # noqa: S104 - inside a container


@pytest.mark.parametrize("service", OURS)
def test_environment_is_settings_that_exist(service: str) -> None:
    environment = {"SALES_KPIS_TOKEN": "secret", "SALES_KPIS_TIMEZONE": "Asia/Tehran"}
    environment = {
        name: interpolated(text, environment)
        for name, text in SERVICES[service]["environment"].items()
    }
    settings = Settings.from_environment(environment)
    assert settings.bootstrap == "kafka:9092"
    assert settings.timezone == "Asia/Tehran"
    assert settings.currency == "EUR"
    assert settings.token == ("secret" if service == "gateway" else "")


def test_without_a_token_nothing_starts() -> None:
    assert "${SALES_KPIS_TOKEN:?" in SERVICES["gateway"]["environment"]["SALES_KPIS_TOKEN"]
    assert not re.search(r"(?i)(password|secret|token): *[\"']?\w", FILE.read_text())


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_images_are_of_one_version() -> None:
    others = [service["image"] for name, service in SERVICES.items() if name not in OURS]
    assert all(re.fullmatch(r"[\w/]+:v?\d+\.\d+\.\d+", image) for image in others)


def test_what_is_mounted_is_there() -> None:
    for service in SERVICES.values():
        for mount in service.get("volumes", ()):
            path = mount.split(":")[0]
            assert (ROOT / path).exists() if path.startswith(".") else path in COMPOSE["volumes"]


def test_every_long_running_service_has_a_health_check() -> None:
    for name, service in SERVICES.items():
        assert ("healthcheck" in service) == (name != "topics")


def test_workers_and_gateway_wait_for_the_topics_and_those_for_kafka() -> None:
    for name in ("gateway", "worker-1", "worker-2"):
        topics = SERVICES[name]["depends_on"]["topics"]
        assert topics == {"condition": "service_completed_successfully"}
    assert SERVICES["topics"]["depends_on"]["kafka"] == {"condition": "service_healthy"}


def test_prometheus_scrapes_the_ports_that_are_served() -> None:
    targets = {
        target
        for job in SCRAPED["scrape_configs"]
        for static in job["static_configs"]
        for target in static["targets"]
    }
    assert targets == {"worker-1:9464", "worker-2:9464", "gateway:8080"}
    for target in targets:
        name, port = target.split(":")
        assert port in SERVICES[name]["command"]


def test_grafana_finds_its_datasource_and_its_dashboards() -> None:
    (source,) = yaml.safe_load((PROVISIONING / "datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards/sales.yml").read_text())["providers"]
    assert source["url"] == "http://prometheus:9090"
    assert source["uid"] == "prometheus"
    mounted = {mount.split(":")[1]: mount.split(":")[0] for mount in SERVICES["grafana"]["volumes"]}
    assert mounted[provider["options"]["path"]] == "./deploy/grafana/dashboards"
    assert mounted["/etc/grafana/provisioning"] == "./deploy/grafana/provisioning"
    interval = SCRAPED["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == interval


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


def test_docker_compose_accepts_it() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], check=False).returncode:
        pytest.skip("`docker compose` is not installed: the file was not put before it")
    subprocess.run(
        [docker, "compose", "--file", str(FILE), "config", "--quiet"],
        check=True,
        env={**os.environ, "SALES_KPIS_TOKEN": "secret"},
    )
