"""Records as a fetch returns them."""

from aiokafka import ConsumerRecord


def some(count: int, first: int = 0) -> list[ConsumerRecord]:
    """Records that differ in their offsets only."""
    return [
        ConsumerRecord("crm.lead", 0, first + number, 0, 0, None, None, None, 0, 0, ())
        for number in range(count)
    ]
