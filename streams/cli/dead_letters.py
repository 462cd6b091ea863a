"""The terminal output of `sales-kpis dead-letters ...`."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import click
import orjson

from streams.config.settings import Settings
from streams.events.formats.json_text import without_mark
from streams.operations.dead_letters import (
    CannotRepair,
    DeadLetter,
    Outcome,
    display,
    read_dead_letters,
    repair_of,
    send_again,
)

REASON_WIDTH = 60


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected dead letters: by their own offsets, source topic and a part of the reason."""

    offsets: tuple[int, ...] = ()
    topic: str | None = None
    reason: str | None = None

    def of(self, found: list[DeadLetter]) -> list[DeadLetter]:
        """Return those that match. Raises ClickException for an offset that does not exist."""
        known = {dead_letter.offset for dead_letter in found}
        for offset in self.offsets:
            if offset not in known:
                raise click.ClickException(f"there is no dead letter {offset}; `list` shows them")
        return [dead_letter for dead_letter in found if self._matches(dead_letter)]

    def _matches(self, dead_letter: DeadLetter) -> bool:
        return (
            (not self.offsets or dead_letter.offset in self.offsets)
            and (self.topic is None or dead_letter.topic == self.topic)
            and (self.reason is None or self.reason.lower() in dead_letter.reason.lower())
        )


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes to make: fields to set and to drop, or a file with the whole event."""

    assigned: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    file: Path | None = None


def print_list(settings: Settings, selection: Selection, *, every: bool) -> None:
    """Print a line for each dead letter; those sent again only with `every`."""
    found = selection.of(asyncio.run(read_dead_letters(settings)))
    listed = [dead_letter for dead_letter in found if every or dead_letter.sent_again is None]
    for dead_letter in listed:
        source = f"{dead_letter.topic}/{dead_letter.partition}/{dead_letter.source_offset}"
        field = dead_letter.field or "-"
        state = f"sent again {dead_letter.sent_again}" if dead_letter.sent_again else "waits"
        click.echo(
            f"{dead_letter.offset:>6}  {dead_letter.at}  {source:<24}  {field:<14}"
            f"  {reason_of(dead_letter)[:REASON_WIDTH]:<{REASON_WIDTH}}  {state}"
        )
    waiting = sum(dead_letter.sent_again is None for dead_letter in found)
    click.echo(f"{waiting} waiting, {len(found) - waiting} sent again", err=True)


def reason_of(dead_letter: DeadLetter) -> str:
    """Return the reason, and where in a delivery it applies."""
    place = dead_letter.place
    if place is None:
        return dead_letter.reason
    where = [place.source, *([f"item {place.item}"] if place.item else [])]
    return f"{', '.join([*where, *filter(None, [place.rule])])}: {dead_letter.reason}"


def print_dead_letter(settings: Settings, offset: int, *, raw: bool) -> None:
    """Print a dead letter as JSON, or the original bytes alone."""
    (dead_letter,) = Selection((offset,)).of(asyncio.run(read_dead_letters(settings)))
    if raw:
        click.get_binary_stream("stdout").write(dead_letter.value or b"")
        return
    click.echo(orjson.dumps(dead_letter.report(), option=orjson.OPT_INDENT_2).decode())


def replay(settings: Settings, selection: Selection, changes: Changes, *, dry: bool) -> bool:
    """Repair and send dead letters; return whether none was rejected again."""
    selected = selection.of(asyncio.run(read_dead_letters(settings)))
    waiting = [dead_letter for dead_letter in selected if not dead_letter.sent_again]
    found = [dead_letter for dead_letter in waiting if dead_letter.place is None]
    of_deliveries = [dead_letter for dead_letter in waiting if dead_letter.place is not None]
    print_remedy(of_deliveries)
    if changes.file is not None and len(found) != 1:
        raise click.ClickException("--value is for one dead letter: name its offset")
    try:
        whole = without_mark(changes.file.read_bytes()) if changes.file else None
        repair = repair_of(changes.assigned, changes.dropped, whole)
        if dry:
            for dead_letter in found:
                click.echo(f"{dead_letter.offset}: {display(repair(dead_letter))}")
            return True
        outcomes = asyncio.run(send_again(settings, found, repair, settings.clock()))
    except CannotRepair as error:
        raise click.ClickException(str(error)) from error
    for outcome in outcomes:
        click.echo(describe(outcome))
    return not of_deliveries and all(outcome.rejected is None for outcome in outcomes)


def print_remedy(of_deliveries: list[DeadLetter]) -> None:
    """Print how dead letters of deliveries are replayed: from the inbox, which has their bytes."""
    for dead_letter in of_deliveries:
        assert dead_letter.place is not None  # noqa: S101 - for the type checker: they were chosen by it
        source = dead_letter.place.source.partition("/")[0]
        click.echo(
            f"{dead_letter.offset}: part of a delivery of {source}: correct its mapping file, then"
            f" run: sales-kpis sources replay {source}"
        )


def describe(outcome: Outcome) -> str:
    """Return the outcome of a dead letter as one line."""
    if outcome.rejected is None:
        return f"{outcome.dead_letter.offset}: sent to {' and '.join(outcome.topics)}"
    where = f", field {outcome.rejected.field}" if outcome.rejected.field else ""
    return f"{outcome.dead_letter.offset}: still rejected{where}: {outcome.rejected.reason}"
