"""Topic `<app>.notifications`: what each recipient was sent, and the message on its way.

Compacted, with one partition. `["sent", route, whom, key]`: the alert that the recipient knows of.
`["recipient", route, whom]`: the message on its way and when the last one was accepted.
`["report", name, whom]`: the last window of a report that is done, and the report on its way.
"""

from aiokafka import ConsumerRecord, TopicPartition
from msgspec import Struct, json

from streams.config.settings import Settings
from streams.events.key_value import KeyValue
from streams.kafka import topics
from streams.kafka.record_batches import Tombstone
from streams.notify.core.alert import Alert
from streams.notify.core.dispatcher import Dispatcher
from streams.notify.core.message import AnyMessage, Message, Recipient
from streams.notify.core.outbox import Outbox
from streams.notify.core.reports.desk import ReportDesk
from streams.notify.core.reports.outbox import ReportOutbox, ReportState

SENT, RECIPIENT, REPORT = "sent", "recipient", "report"
AnyOutbox = Outbox | ReportOutbox
StateRecord = KeyValue | Tombstone


class RecipientState(Struct, frozen=True):
    """The message on its way, and when the last one was accepted, in milliseconds."""

    message: Message | None
    sent_at: int | None


_states = json.Decoder(RecipientState)
_alerts = json.Decoder(Alert)
_reports = json.Decoder(ReportState)


def partition(settings: Settings) -> TopicPartition:
    """Return the topic's only partition."""
    return TopicPartition(topics.notifications(settings), 0)


def on_its_way(outbox: AnyOutbox) -> list[StateRecord]:
    """Encode the message on its way, or that there is none."""
    if isinstance(outbox, ReportOutbox):
        return [(json.encode((REPORT, *outbox.recipient)), json.encode(outbox.state))]
    key = json.encode((RECIPIENT, *outbox.recipient))
    return [(key, json.encode(RecipientState(outbox.message, outbox.sent_at)))]


def receipt(outbox: AnyOutbox, message: AnyMessage) -> list[StateRecord]:
    """Encode that a message was accepted, which the outbox has noted."""
    if isinstance(outbox, ReportOutbox) or not isinstance(message, Message):
        return on_its_way(outbox)
    changes = (
        (json.encode((SENT, *outbox.recipient, change.key)), outbox.sent.get(change.key))
        for change in message.changes
    )
    sent = [_record(key, alert) for key, alert in changes]
    return [*sent, *on_its_way(outbox)]


def restore(
    dispatcher: Dispatcher, desk: ReportDesk | None, state: dict[bytes, bytes]
) -> list[StateRecord]:
    """Restore the outboxes from the last records by key.

    Returns the tombstones of recipients that the rules no longer have.
    """
    forgotten: list[StateRecord] = []
    for key, value in state.items():
        kind, route, whom, *rest = json.decode(key, type=tuple[str, ...])
        recipient = Recipient(route, whom)
        if kind == REPORT:
            if desk is None or not desk.knows(recipient):
                forgotten.append(_record(key, None))
            else:
                desk.restore(recipient, _reports.decode(value))
        elif not dispatcher.knows(recipient):
            forgotten.append(_record(key, None))
        elif kind == SENT:
            dispatcher.outbox(recipient).restore_sent(rest[0], _alerts.decode(value))
        else:
            found = _states.decode(value)
            dispatcher.outbox(recipient).restore_message(found.message, found.sent_at)
    return forgotten


def apply(state: dict[bytes, bytes], record: ConsumerRecord) -> None:
    """Keep the last record of each key."""
    if record.value is None:
        state.pop(record.key, None)
    else:
        state[record.key] = record.value


def _record(key: bytes, alert: Alert | None) -> StateRecord:
    return (key, None, []) if alert is None else (key, json.encode(alert))
