"""The settings of the connection to Kafka and of the topics."""

# ruff: noqa: RUF009 - `setting` declares a field, and its defaults do not change
from dataclasses import dataclass
from pathlib import Path

from streams.config.declaration import setting
from streams.config.setting_kinds import (
    choice,
    number,
    optional_path,
    secret,
    text,
)

KAFKA = "Kafka"
SECURITY = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True, kw_only=True, slots=True)
class KafkaSettings:
    """What an operator can set about Kafka; a part of `Settings`."""

    bootstrap: str = setting(
        KAFKA,
        "127.0.0.1:9092",
        text("`HOST:PORT`, several with commas between them"),
        "Where Kafka is reached first.",
    )
    app: str = setting(
        KAFKA,
        "sales-kpis",
        text("text"),
        "Name of the installation: consumer group, prefix of the internal topics and of the"
        " transactional ids.",
    )
    partitions: int = setting(
        KAFKA,
        4,
        number(1, 1_000),
        "Partitions of each topic of events, and so the number of aggregate tasks. Changed with"
        " `sales-kpis topics repartition` only.",
    )
    replication: int = setting(
        KAFKA,
        1,
        number(1, 9, "brokers"),
        "Replicas of each topic that `sales-kpis topics apply` creates.",
    )
    kafka_security: str = setting(
        KAFKA, "PLAINTEXT", choice(*SECURITY), "Protocol of the connections to Kafka."
    )
    kafka_mechanism: str = setting(
        KAFKA, "SCRAM-SHA-512", choice(*MECHANISMS), "SASL mechanism, where SASL is used."
    )
    kafka_user: str = setting(
        KAFKA, "", text("text"), "User name for SASL. Required where SASL is used."
    )
    kafka_password: str = setting(
        KAFKA, "", secret("text"), "Password for SASL. Required where SASL is used."
    )
    kafka_ca: Path | None = setting(
        KAFKA,
        None,
        optional_path("path of a PEM file"),
        "Certificate authorities that are trusted; without it, those of the system.",
    )
    kafka_certificate: Path | None = setting(
        KAFKA,
        None,
        optional_path("path of a PEM file"),
        "Client certificate, for brokers that ask for one.",
    )
    kafka_key: Path | None = setting(
        KAFKA, None, optional_path("path of a PEM file"), "Private key of the client certificate."
    )
