"""Ports on which a broker can listen."""

import os
import secrets
import socket
from collections.abc import Collection

# Below the ports that systems hand out for outgoing connections. A client that goes on
# trying the port of a dead broker could otherwise be given that very port for itself.
PORTS = range(20_000, 32_768)
TRIES = 100


def is_free(host: str, port: int) -> bool:
    """Say whether a server could listen there now; connections of an ended one do not count."""
    with socket.socket() as probe:
        if os.name == "posix":  # elsewhere the option lets two servers share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(host: str, but: Collection[int] = ()) -> int:
    """Choose a port where nobody listens, none of `but`; an OSError if none is found."""
    for _ in range(TRIES):
        port = secrets.choice(PORTS)
        if port not in but and is_free(host, port):
            return port
    raise OSError(f"no free port on {host} in {TRIES} tries")
