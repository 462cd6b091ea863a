"""Events to send."""


def deal(n: int, subject: str = "lead-1", more: str = "") -> bytes:
    """Write an event that is good, with further fields if given."""
    return (
        f'{{"id":"e{n}","type":"deal.changed","at":"2026-03-02T09:15:00+03:30",'
        f'"subject":"{subject}","deal":"d{n}"{more}}}'
    ).encode()


def array(*events: bytes) -> bytes:
    """Write a JSON array."""
    return b"[" + b",".join(events) + b"]"


def lines(*events: bytes) -> bytes:
    """Write one per line."""
    return b"".join(event + b"\n" for event in events)
