"""The whole way through a Kafka that asks for TLS, a name and rights."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.broker.ports import free_port
from streams.config.settings import Settings
from streams.events.formats.target_event import target_event
from streams.gateway.errors import RequestRejected
from streams.gateway.records import Record, record
from streams.kafka import topics
from streams.kafka.acls import acls
from streams.operations.sources.backlog import await_translated
from streams.page.targets.writer import TargetWriter
from streams.sources.delivery import Delivery
from tests.broker.secured import (
    PASSWORDS,
    Secured,
    grant,
    secured,
)
from tests.notify.alerting import route
from tests.notify.receiving import http_receiver
from tests.translation.acme import deliver

EVENTS: list[dict[str, Any]] = [
    {
        "id": f"e{number}",
        "type": "lead.created",
        "at": "2026-03-02T09:00:00Z",
        "subject": f"lead-{number}",
        "rep": "ann",
    }
    for number in range(20)
]
READY_SECONDS = 60.0
WRONG = "not mine"
SECRET = "a-secret-of-odoo-that-is-long"  # noqa: S105  # opens nothing


@pytest.fixture(scope="module")
def kafka_with_rights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Topics are made and every role has its least rights."""
    with secured(tmp_path_factory.mktemp("secured")) as kafka:
        asyncio.run(grant(kafka.plain, acls(Settings())))
        made = command(kafka, "apply", "topics", "apply")
        assert made.returncode == 0, made.stderr
        yield kafka


def file_of(folder: Path, events: list[dict[str, Any]]) -> Path:
    """Write a file of events."""
    file = folder / "sent.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(event) for event in events))
    return file


def environment(kafka: Secured, role: str, password: str | None = None) -> dict[str, str]:
    secret = kafka.authority.with_name(f"{role}.secret")
    secret.write_text(f"{PASSWORDS[role] if password is None else password}\n")
    return {
        **os.environ,
        "SALES_KPIS_BOOTSTRAP": kafka.door,
        "SALES_KPIS_KAFKA_SECURITY": "SASL_SSL",
        "SALES_KPIS_KAFKA_MECHANISM": "PLAIN",
        "SALES_KPIS_KAFKA_USER": role,
        "SALES_KPIS_KAFKA_PASSWORD_FILE": str(secret),
        "SALES_KPIS_KAFKA_CA": str(kafka.authority),
        "SALES_KPIS_NOW": "2026-03-04T12:00:00Z",
    }


def command(
    kafka: Secured, role: str, *arguments: str, password: str | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run `sales-kpis` in a role."""
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *arguments],
        env=environment(kafka, role, password),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_every_role_does_its_part_with_its_least_rights(
    kafka_with_rights: Secured, tmp_path: Path
) -> None:
    file = file_of(tmp_path, EVENTS)
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "streams.cli", "worker"],
            env=environment(kafka_with_rights, "worker"),
            stdout=output,
            stderr=output,
        )
    try:
        sent = command(kafka_with_rights, "gateway", "ingest", str(file))
        assert sent.returncode == 0, sent.stderr
        settled = command(kafka_with_rights, "worker", "status", "--wait")
        assert settled.returncode == 0, settled.stderr + log.read_text()
        # Other tests send leads of other reps, before this one or after it.
        chosen = ("--kpi", "lead_count", "--scope", "rep=ann", "--window", "year")
        line = command(kafka_with_rights, "reader", "dump", *chosen).stdout.splitlines()[0]
        assert orjson.loads(line)["value"] == len(EVENTS)
        assert worker.poll() is None, log.read_text()
    finally:
        worker.terminate()
        worker.wait(READY_SECONDS)
    assert PASSWORDS["worker"] not in log.read_text()


async def test_alerts_of_a_worker_reach_a_receiver(
    kafka_with_rights: Secured, tmp_path: Path
) -> None:
    """Two days after they came nobody has called these leads."""
    leads = [{**event, "subject": f"uncalled-{n}", "rep": "ben"} for n, event in enumerate(EVENTS)]
    product = (sys.executable, "-m", "streams.cli")
    with (tmp_path / "log").open("wb") as log:
        async with http_receiver() as receiver:
            rules = tmp_path / "rules.toml"
            of_leads = 'kinds = ["lead_unanswered"]\ndigest = "1s"'
            rules.write_text(route("chat", receiver.url, tmp_path, of_leads))
            running = [
                await asyncio.create_subprocess_exec(
                    *(*product, role),
                    env=environment(kafka_with_rights, role) | {"SALES_KPIS_RULES": str(rules)},
                    stdout=log,
                    stderr=log,
                )
                for role in ("worker", "notify")
            ]
            try:
                sent = await asyncio.to_thread(
                    command, kafka_with_rights, "gateway", "ingest", str(file_of(tmp_path, leads))
                )
                assert sent.returncode == 0, sent.stderr
                while "uncalled-" not in "".join(r.body.decode() for r in receiver.requests):
                    await asyncio.sleep(0.1)
                    assert [each.returncode for each in running] == [None, None]
            finally:
                for each in running:
                    each.terminate()
                    await each.wait()
    assert "uthorization" not in (tmp_path / "log").read_text()


def test_operator_has_the_rights_of_the_commands_for_operators(
    kafka_with_rights: Secured, tmp_path: Path
) -> None:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return command(kafka_with_rights, "operator", *arguments)

    examined = run("doctor")
    assert "no Kafka" not in examined.stdout
    assert "may not be described" not in examined.stdout
    assert "all 25 topics are there" in examined.stdout
    assert "uthorization" not in examined.stdout + examined.stderr
    for arguments in (
        ("status",),
        ("verify",),
        ("export", str(tmp_path / "events.jsonl")),
        ("dead-letters", "list"),
        ("ingest", str(file_of(tmp_path, EVENTS))),
    ):
        done = run(*arguments)
        assert "uthorization" not in done.stderr, (arguments, done.stderr)
        assert "hidden from this user" not in done.stderr, (arguments, done.stderr)
        assert done.returncode == 0 or arguments[0] in ("status", "verify"), done.stderr
    # What it may not: the values are the workers' alone.
    assert not {
        acl.name
        for acl in acls(Settings())
        if acl.role == "operator" and "Write" in acl.operations and not acl.name.startswith("crm.")
    } - {topics.reads(Settings())}


async def test_page_may_write_targets_and_a_reader_may_not(kafka_with_rights: Secured) -> None:
    event = target_event(
        kpi="revenue_won", scope="all", window="month", value="1", at=EVENTS[0]["at"]
    )
    target = record(event, 1)
    assert isinstance(target, Record)
    for role in ("page", "reader"):
        used = Settings(
            bootstrap=kafka_with_rights.door,
            kafka_security="SASL_SSL",
            kafka_mechanism="PLAIN",
            kafka_user=role,
            kafka_password=PASSWORDS[role],
            kafka_ca=kafka_with_rights.authority,
        )
        writer = TargetWriter(used)
        try:
            if role == "page":
                await writer.write(target)
                continue
            with pytest.raises(RequestRejected, match="AuthorizationFailed"):
                await writer.write(target)
        finally:
            await writer.close()


def test_gateway_has_the_rights_to_keep_a_webhook(
    kafka_with_rights: Secured, tmp_path: Path
) -> None:
    log, port = tmp_path / "gateway.log", str(free_port("127.0.0.1"))
    used = environment(kafka_with_rights, "gateway") | {
        "SALES_KPIS_SECRET_ODOO": SECRET,
        "SALES_KPIS_GATEWAY_PORT": port,
    }
    product = [sys.executable, "-m", "streams.cli"]
    with log.open("wb") as output:
        gateway = subprocess.Popen([*product, "gateway"], env=used, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while "connected to Kafka" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        sent = subprocess.run(
            [*product, "sources", "send", "odoo"],
            env=used,
            capture_output=True,
            text=True,
            check=False,
            timeout=READY_SECONDS,
        )
    finally:
        gateway.terminate()
        gateway.wait(READY_SECONDS)
    assert sent.returncode == 0, sent.stdout + sent.stderr + log.read_text()
    assert SECRET not in sent.stdout + sent.stderr + log.read_text()


def test_process_that_translates_has_the_rights_that_it_needs(
    kafka_with_rights: Secured, tmp_path: Path
) -> None:
    log = tmp_path / "translate.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams.cli", "translate"],
            env=environment(kafka_with_rights, "translate"),
            stdout=output,
            stderr=output,
        )
    body = orjson.dumps({"type": "lead.created", "timestamp": EVENTS[0]["at"], "data": EVENTS[0]})
    sent = Delivery("standardwebhooks", "", {}, {"webhook-id": "m1"}, body, 0)
    plain = Settings(bootstrap=kafka_with_rights.plain)
    try:
        asyncio.run(deliver(plain, [sent]))
        assert asyncio.run(await_translated(plain, READY_SECONDS)) == 0, log.read_text()
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        process.wait(READY_SECONDS)
    assert "uthorization" not in log.read_text()
    shown = command(kafka_with_rights, "operator", "sources", "--json")
    assert shown.returncode == 0, shown.stderr
    assert orjson.loads(shown.stdout)["waiting"] == 0
    again = command(kafka_with_rights, "operator", "sources", "replay", "standardwebhooks")
    assert again.returncode == 0, again.stderr
    assert (
        "1 deliveries: 0 events were missing, 0 are corrected, 1 are as they were" in again.stdout
    )


def test_role_without_the_right_is_told_so(kafka_with_rights: Secured) -> None:
    refused = command(kafka_with_rights, "gateway", "dump")
    assert refused.returncode == 1
    assert "hidden from this user" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_wrong_password_is_told_so_and_not_shown(kafka_with_rights: Secured) -> None:
    began = time.monotonic()
    refused = command(kafka_with_rights, "worker", "doctor", password=WRONG)
    assert refused.returncode == 1
    assert "uthentication" in refused.stdout
    assert WRONG not in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stderr
    assert time.monotonic() - began < READY_SECONDS
