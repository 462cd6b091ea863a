"""What a program is told of the catalogue and of the settings in force."""

import json
from dataclasses import fields
from pathlib import Path

from click.testing import CliRunner

from streams.cli import main
from streams.config.rules import read
from streams.config.settings import Settings
from streams.engine.catalogue.catalogue import SETTINGS
from streams.wiring.catalogue import catalogue
from streams.wiring.describe import (
    DESCRIBED,
    entries,
    in_force,
)

# Settings that no number depends on, and secrets.
NOT_DESCRIBED = {
    *("bootstrap", "app", "now", "partitions", "replication", "token"),
    *("publish_interval_ms", "snapshot_interval_s", "horizon_days"),
    *(
        "gateway_port",
        "page_port",
        "metrics_port",
        "data",
        "rules",
        "erasure_key",
        "log",
        "failpoint",
    ),
    *("header_timeout_s", "max_connections", "history"),
    *("metrics_windows", "metrics_kpis", "metrics_values", "metrics_labels"),
    *("kafka_security", "kafka_mechanism", "kafka_user", "kafka_password"),
    *("kafka_ca", "kafka_certificate", "kafka_key"),
    # What webhooks become is the mapping files', not the catalogue's.
    *("secrets", "api_tokens", "sources", "public_url", "inbox_days", "inbox_key", "webhook_rate"),
}


def test_every_setting_is_described_or_known_not_to_matter() -> None:
    names = {field.name for field in fields(Settings)}
    assert names == {*DESCRIBED, *NOT_DESCRIBED}


def test_settings_in_force_are_those_of_environment_and_rules(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[calendar]\nfiscal_calendar = "445"\n[definitions]\nwin = "first"\n'
        'response_hours = "business"\n[definitions.business]\ndays = ["sunday", "monday"]\n'
    )
    found = in_force(Settings(currency="USD", token="x" * 40), read(rules))
    assert (found["currency"], found["rules"]["calendar"]["fiscal_calendar"]) == ("USD", "445")
    definitions = found["rules"]["definitions"]
    assert definitions["choices"]["win"] == "first"
    assert definitions["business"]["days"] == [0, 6]
    assert "x" * 40 not in json.dumps(found)


def test_entry_matches_the_records() -> None:
    found = entries(catalogue(Settings(currency="USD")))
    assert found.keys() == {kpi.name for kpi in catalogue(Settings()).published}
    assert SETTINGS not in found
    revenue = found["revenue_won"]
    assert (revenue["unit"], revenue["better"], revenue["measure"]) == (
        "money:USD",
        "higher",
        "sum",
    )
    assert revenue["text"] == "The amounts of deals won."
    assert revenue["question"] == "What is sold, how large, how surely and how fast?"
    assert found["response_time"]["percentiles"] == ["p50", "p90"]
    assert found["unpriced_facts"]["question"] == "What is left out?"


def test_command_prints_entries_and_settings_as_json() -> None:
    done = CliRunner().invoke(main, ["catalogue", "--json"], env={"SALES_KPIS_CURRENCY": "USD"})
    found = json.loads(done.output)
    assert found["settings"]["currency"] == "USD"
    (calls,) = [kpi for kpi in found["kpis"] if kpi["kpi"] == "call_count"]
    assert calls["scopes"] == ["all", "rep", "team", "department", "unit"]
    assert (calls["unit"], calls["better"]) == ("count", "higher")
    assert calls["text"] == "Outbound calls, answered or not."
    assert calls["formula"] == "count of outbound calls"
    assert calls["source"] == "call volume, the trade's term"


def test_command_prints_formula_and_source() -> None:
    done = CliRunner().invoke(main, ["catalogue"])
    assert "  formula: deals won / (deals won + deals lost)\n  source: win rate," in done.output


def test_command_prints_the_page() -> None:
    done = CliRunner().invoke(main, ["catalogue", "--markdown"])
    assert done.output.startswith("# The KPIs\n")
    assert "## Are leads answered while they can still be won?" in done.output
