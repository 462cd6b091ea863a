"""A Kafka with encryption, authentication and ACLs, and a plain listener for its operator."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
from aiokafka import AIOKafkaClient
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography.hazmat.primitives import serialization

from streams.broker.embedded import EmbeddedKafka
from streams.broker.ports import free_port
from streams.kafka.acls import ROLES, Acl

HOST = "127.0.0.1"
PASSWORDS = {role: f"secret of the {role}" for role in ROLES}
RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "transactional-id": 5}
OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10}
LITERAL, PREFIXED, ALLOW = 3, 4, 3


@dataclass(frozen=True)
class Secured:
    """Where it answers: `door` asks for a name over TLS, `plain` is the operator's own."""

    door: str
    plain: str
    authority: Path


@contextmanager
def secured(folder: Path) -> Iterator[Secured]:
    """Run one with a certificate of its own authority; nobody but the operator has rights."""
    port = free_port(HOST)
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    pem = folder / "server.pem"
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    pem.write_bytes(pkcs8(certificate.private_key_pem.bytes()) + chain)
    users = " ".join(f'user_{name}="{password}"' for name, password in PASSWORDS.items())
    jaas = f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};"
    more = {
        "listeners": f"DOOR://{HOST}:{port}",
        "advertised.listeners": f"DOOR://{HOST}:{port}",
        "listener.security.protocol.map": "DOOR:SASL_SSL",
        "listener.name.door.ssl.keystore.type": "PEM",
        "listener.name.door.ssl.keystore.location": str(pem),
        "listener.name.door.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.door.plain.sasl.jaas.config": jaas,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    with EmbeddedKafka(port=free_port(HOST, but=(port,)), more=more) as broker:
        yield Secured(f"{HOST}:{port}", broker.bootstrap, folder / "ca.pem")


def pkcs8(key: bytes) -> bytes:
    """Write a private key in the only form that Java reads."""
    return serialization.load_pem_private_key(key, password=None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


class _Grants(CreateAclsRequest):  # type: ignore[misc]  # aiokafka ships no type information
    """Many rights in one request: aiokafka's own has one, and hundreds of those take seconds."""

    def __init__(self, rights: Iterable[Acl]) -> None:
        self._grants = [
            (
                RESOURCES[right.resource],
                right.name,
                PREFIXED if right.is_prefix else LITERAL,
                f"User:{right.role}",
                "*",
                OPERATIONS[operation],
                ALLOW,
            )
            for right in rights
            for operation in right.operations
        ]

    def build(self, request_struct_class: Any) -> Any:
        """Give the request in a version of the protocol that knows prefixes."""
        assert request_struct_class.API_VERSION >= 1
        return request_struct_class(self._grants)


async def grant(plain: str, rights: Iterable[Acl]) -> None:
    """Let each role do exactly this and nothing more."""
    client = AIOKafkaClient(bootstrap_servers=plain)
    await client.bootstrap()
    try:
        answer = await client.send(client.get_random_node(), _Grants(rights))
        assert {code for code, _ in answer.creation_responses} == {0}, answer
    finally:
        await client.close()
