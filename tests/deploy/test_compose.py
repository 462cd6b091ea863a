"""`docker compose up`: what can be known without starting a container."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from streams.cli import main
from streams.config.rules import read
from streams.config.rules.page import PageRules
from streams.config.settings import Settings
from streams.sources.loading import sources

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "sales-kpis"]
SCRAPED = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
TOKEN = "abcdefghijklmnopqrstuvwx"  # noqa: S105  # opens nothing
PROVISIONING = ROOT / "deploy/grafana/provisioning"


def interpolated(text: str, environment: dict[str, str]) -> str:
    """Fill in `${NAME:-default}` and `${NAME:?message}` as compose does."""
    return re.sub(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)\}", lambda m: environment.get(m[1], m[2]), text)


def environment_of(service: str, written: dict[str, str]) -> dict[str, str]:
    """Return a service's variables, given those of the file `.env`, as compose makes them."""
    assert SERVICES[service]["env_file"] == [{"path": ".env", "required": False}]
    own = SERVICES[service]["environment"]
    return written | {name: interpolated(text, written) for name, text in own.items()}


def test_all_of_it_is_there() -> None:
    assert set(SERVICES) == {
        "settings", "kafka", "topics", "gateway", "worker-1", "worker-2", "translate",
        "history", "page", "notify", "prometheus", "grafana",
    }  # fmt: skip


@pytest.mark.parametrize("service", OURS)
def test_command_is_one_that_exists(service: str) -> None:
    command: click.Command = main
    arguments = list(SERVICES[service]["command"])
    while isinstance(command, click.Group) and not arguments[0].startswith("-"):
        context = click.Context(command)
        _, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command = found
    context = command.make_context(service, arguments)
    if service not in ("settings", "topics"):
        assert context.params["host"] == "0.0.0.0"  # noqa: S104 - inside a container


@pytest.mark.parametrize("service", OURS)
def test_environment_is_settings_that_exist(service: str) -> None:
    settings = Settings.from_environment(
        environment_of(service, {"SALES_KPIS_TOKEN": TOKEN, "SALES_KPIS_TIMEZONE": "Asia/Tehran"})
    )
    assert settings.bootstrap == "kafka:9092"
    assert settings.timezone == "Asia/Tehran"
    assert settings.currency == "EUR"
    assert settings.token == (TOKEN if service in ("settings", "gateway") else "")


@pytest.mark.parametrize("service", OURS)
def test_every_setting_of_the_file_reaches_the_service(service: str) -> None:
    written = {
        "SALES_KPIS_TOKEN": TOKEN,
        "SALES_KPIS_CURRENCY": "USD",
        "SALES_KPIS_METRICS_VALUES": "50",
        "SALES_KPIS_STAGES": "first,second",
        "SALES_KPIS_SECRET_HUBSPOT": "one-secret,another-secret",
        "SALES_KPIS_RULES": "./mine.toml",
    }
    settings = Settings.from_environment(environment_of(service, written))
    assert (settings.currency, settings.metrics_values) == ("USD", 50)
    assert settings.stages == ("first", "second")
    assert settings.secrets == {"hubspot": ("one-secret", "another-secret")}
    assert settings.rules == Path("/etc/sales-kpis/rules.toml")


@pytest.mark.parametrize("service", OURS)
def test_rules_file_is_mounted_where_the_setting_is(service: str) -> None:
    mount, *_ = SERVICES[service]["volumes"]
    assert mount["target"] == SERVICES[service]["environment"]["SALES_KPIS_RULES"]
    assert mount["read_only"]
    # A path that does not exist is an error, and no empty folder.
    assert mount["bind"] == {"create_host_path": False}
    assert interpolated(mount["source"], {"SALES_KPIS_RULES": "mine.toml"}) == "mine.toml"
    shipped = read(ROOT / interpolated(mount["source"], {}))
    assert replace(shipped, page=PageRules()) == read(None)


def test_page_is_for_who_has_its_token() -> None:
    (access,) = read(ROOT / "deploy/rules.toml").page.access
    assert access.scopes is None
    (name,) = SERVICES["page"]["secrets"]
    assert access.token_file == Path("/run/secrets") / name
    # Compose refuses to start without it.
    assert COMPOSE["secrets"][name] == {"environment": "PAGE_TOKEN"}


def test_page_reads_the_history_that_is_kept() -> None:
    kept = Settings.from_environment(environment_of("history", {})).history
    assert Settings.from_environment(environment_of("page", {})).history == kept
    for service in ("history", "page"):
        volume, folder = SERVICES[service]["volumes"][-1].split(":")
        assert volume in COMPOSE["volumes"]
        assert Path(kept).parent == Path(folder)
    assert f"--group=10001 {folder}" in (ROOT / "deploy/Dockerfile").read_text()


@pytest.mark.parametrize("service", OURS)
def test_folder_of_mapping_files_is_mounted_where_the_setting_is(service: str) -> None:
    _, mount, *_ = SERVICES[service]["volumes"]
    assert mount["target"] == SERVICES[service]["environment"]["SALES_KPIS_SOURCES"]
    assert mount["read_only"]
    assert interpolated(mount["source"], {"SALES_KPIS_SOURCES": "mine"}) == "mine"
    shipped = {name: source.digest for name, source in sources(None).items()}
    found = sources(ROOT / interpolated(mount["source"], {}))
    assert {name: source.digest for name, source in found.items()} == shipped


def test_without_a_token_nothing_starts() -> None:
    for service in ("settings", "gateway"):
        assert "${SALES_KPIS_TOKEN:?" in SERVICES[service]["environment"]["SALES_KPIS_TOKEN"]


@pytest.mark.parametrize(
    ("written", "status", "message"),
    [
        ({}, 0, ""),
        ({"SALES_KPIS_TOKEN": "short"}, 1, "SALES_KPIS_TOKEN must be 24 or more"),
        ({"SALES_KPIS_CURENCY": "USD"}, 1, "SALES_KPIS_CURENCY is no setting"),
    ],
)
def test_bad_setting_stops_everything_before_it_starts(
    written: dict[str, str], status: int, message: str
) -> None:
    environment = environment_of("settings", {"SALES_KPIS_TOKEN": TOKEN, **written})
    environment["SALES_KPIS_RULES"] = str(ROOT / "deploy/rules.toml")
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", *SERVICES["settings"]["command"]],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr
    assert "short" not in done.stderr.replace("24 or more", "")
    finished = {"condition": "service_completed_successfully"}
    for service in ("kafka", "prometheus"):
        assert SERVICES[service]["depends_on"]["settings"] == finished


def test_nothing_in_the_file_is_secret() -> None:
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
            path = (
                interpolated(mount["source"], {})
                if isinstance(mount, dict)
                else mount.split(":")[0]
            )
            assert (ROOT / path).exists() if path.startswith(".") else path in COMPOSE["volumes"]


def test_every_long_running_service_has_a_health_check() -> None:
    for name, service in SERVICES.items():
        assert ("healthcheck" in service) == (name not in ("settings", "topics"))


def test_workers_and_gateway_wait_for_the_topics_and_those_for_kafka() -> None:
    for name in ("gateway", "worker-1", "worker-2", "translate", "notify", "history", "page"):
        topics = SERVICES[name]["depends_on"]["topics"]
        assert topics == {"condition": "service_completed_successfully"}
    assert SERVICES["topics"]["depends_on"]["kafka"] == {"condition": "service_healthy"}


def test_prometheus_scrapes_the_ports_that_are_served() -> None:
    targets = {
        target
        for job in SCRAPED["scrape_configs"]
        for static in job.get("static_configs", ())
        for target in static["targets"]
    }
    assert targets == {
        *("worker-1:9464", "worker-2:9464", "translate:9464", "gateway:8080"),
        *("history:9464", "page:9464"),
    }
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
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (ROOT / "deploy/grafana/dashboards" / Path(home).name).exists()
    assert str(Path(home).parent) == provider["options"]["path"]
    interval = SCRAPED["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == interval


def test_listener_for_this_machine_leaves_the_services_theirs() -> None:
    added = yaml.safe_load((ROOT / "deploy/kafka-on-host.yml").read_text())["services"]["kafka"]
    ours, theirs = added["environment"], SERVICES["kafka"]["environment"]
    for name in ("KAFKA_LISTENERS", "KAFKA_ADVERTISED_LISTENERS"):
        assert ours[name].startswith(theirs[name] + ",HOST://")
    protocols = "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"
    assert ours[protocols] == theirs[protocols] + ",HOST:PLAINTEXT"
    assert added["ports"] == ["127.0.0.1:29092:29092"]
    assert ours["KAFKA_ADVERTISED_LISTENERS"].endswith(",HOST://127.0.0.1:29092")


def test_docker_compose_accepts_it() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], check=False).returncode:
        pytest.skip("`docker compose` is not installed: the file was not put before it")
    subprocess.run(
        [docker, "compose", "--file", str(FILE), "config", "--quiet"],
        check=True,
        env={**os.environ, "SALES_KPIS_TOKEN": TOKEN, "PAGE_TOKEN": TOKEN[::-1]},
    )
