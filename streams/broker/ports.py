"""Free ports for servers of this machine."""

import os
import secrets
import socket
from collections.abc import Collection

# Below the ports that systems assign to outgoing connections. A client that keeps trying the port
# of a dead broker could otherwise be assigned that very port itself.
PORTS = range(20_000, 32_768)
TRIES = 100


def is_free(host: str, port: int) -> bool:
    """Return whether a server could listen there now, ignoring connections of an ended one."""
    with socket.socket() as probe:
        if os.name == "posix":  # elsewhere the option lets two servers share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(host: str, but: Collection[int] = ()) -> int:
    """Return a free port that is not in `but`. Raises OSError if none is found."""
    for _ in range(TRIES):
        port = secrets.choice(PORTS)
        if port not in but and is_free(host, port):
            return port
    raise OSError(f"no free port on {host} in {TRIES} tries")
