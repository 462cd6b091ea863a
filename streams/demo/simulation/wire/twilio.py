"""Status callbacks of Twilio: a call that has ended, known by its number alone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import md5
from urllib.parse import urlencode

from streams.demo.simulation.company import EventData
from streams.demo.simulation.wire.request import FORM, WebhookBody, happened, number, phone

OWN_NUMBER = "+15550000001"
# How it ended, and who answered where the carrier found out.
OUTCOMES: Mapping[str, tuple[str, str]] = {
    "connected": ("completed", "human"),
    "voicemail": ("completed", "machine_end_beep"),
    "no_answer": ("no-answer", ""),
    "busy": ("busy", ""),
}


def webhooks(event: EventData) -> list[WebhookBody]:
    """Give the callback of a call to a lead; none for any other event."""
    if event["type"] != "call.ended":
        return []
    status, answered = OUTCOMES[str(event["outcome"])]
    fields = {
        "AccountSid": "AC" + "0" * 32,
        "CallSid": "CA" + md5(str(event["id"]).encode(), usedforsecurity=False).hexdigest(),
        "CallStatus": status,
        "CallDuration": str(event.get("seconds", 0)),
        "CallbackSource": "call-progress-events",
        "Direction": "outbound-api",
        "From": OWN_NUMBER,
        "To": phone(number(event["subject"])),
        "SequenceNumber": "3",
        "Timestamp": format_datetime(datetime.fromtimestamp(happened(event) // 1000, UTC)),
    }
    if answered:
        fields["AnsweredBy"] = answered
    query = (("rep", str(event["rep"])),)
    return [WebhookBody("twilio", FORM, urlencode(fields).encode(), query)]
