"""A readiness check of a broker in Kafka's protocol."""

import socket
import struct

METADATA_KEY = 3
# The first version with the flag that prevents the creation of topics; served since 0.11.
METADATA_VERSION = 4
CORRELATION = 1


def answers(host: str, port: int, timeout: float = 1.0) -> bool:
    """Return whether the broker answers requests and is alive in its cluster.

    False while nothing listens, the listener does not answer in `timeout` seconds, or the
    broker is still fenced by its controller.
    """
    body = struct.pack(
        ">hhihi?", METADATA_KEY, METADATA_VERSION, CORRELATION, -1, 0, False
    )  # no client id, no topics
    try:
        with socket.create_connection((host, port), timeout) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            (size,) = struct.unpack(">i", receive(connection, 4))
            response = receive(connection, size)
    except OSError:
        return False
    correlation: int
    brokers: int
    correlation, _throttle, brokers = struct.unpack_from(">iii", response)
    return correlation == CORRELATION and brokers > 0


def receive(connection: socket.socket, size: int) -> bytes:
    """Read exactly `size` bytes. Raises ConnectionError if the connection ends before."""
    received = b""
    while len(received) < size:
        chunk = connection.recv(size - len(received))
        if not chunk:
            raise ConnectionError("the broker closed the connection")
        received += chunk
    return received
