"""What the handlers of one server share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from streams.gateway.records import Record
from streams.page.access.doorkeeper import Doorkeeper
from streams.page.access.viewer import Viewer
from streams.page.choice import Choice
from streams.page.live.store import Store
from streams.page.past import Past
from streams.page.visible import Visible

# Of the views: HTML for a choice, from what may be seen, the catalogue, the instant that is shown,
# in the reporting zone, and the links into CRMs.
Render = Callable[[Choice, Visible, dict[str, Any], datetime, Mapping[str, str]], str]
# Writes a target, and returns once Kafka has it. Raises RequestRejected.
WriteTarget = Callable[[Record], Awaitable[None]]


@dataclass(slots=True)
class Server:
    """The parts of a running page server.

    Attributes:
        clock: The time in milliseconds since 1970, by which records are as old as they are.
        links: Addresses in CRMs by the beginning of a subject.
        not_ready_reason: Why nothing can be shown yet; None once all topics are read.
        readers: How many streams are open.
        is_ending: Whether streams are to end, so that the process can.
    """

    store: Store
    doorkeeper: Doorkeeper
    render: Render
    clock: Callable[[], int]
    timezone: str
    past: Past
    links: Mapping[str, str]
    write_target: WriteTarget
    not_ready_reason: Callable[[], str | None] = field(default=lambda: None)
    readers: int = 0
    is_ending: bool = False


SERVER = web.AppKey("server", Server)
VIEWER = web.RequestKey("viewer", Viewer)
# Whether who has been let in would be let in now: a session may be over.
IS_STILL_ADMITTED: web.RequestKey[Callable[[], bool]] = web.RequestKey("is_still_admitted")


def viewer_of(request: web.Request) -> Viewer:
    """Return who a request is from; every handler behind access has one."""
    return request[VIEWER]
