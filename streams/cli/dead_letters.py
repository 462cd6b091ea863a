"""The commands `sales-kpis dead-letters ...`."""

import asyncio
from pathlib import Path

import click
import orjson

from streams.config.settings import Settings
from streams.operations.dead_letters import (
    CannotMend,
    DeadLetter,
    Outcome,
    mending,
    read_dead_letters,
    send_again,
    shown,
)

REASON_WIDTH = 60


def pick(
    found: list[DeadLetter], offsets: tuple[int, ...], topic: str | None, reason: str | None
) -> list[DeadLetter]:
    """Choose letters by their own offsets, by source topic, by a part of the reason."""
    known = {letter.offset for letter in found}
    for offset in offsets:
        if offset not in known:
            raise click.ClickException(f"there is no dead letter {offset}; `list` shows them")
    return [
        letter
        for letter in found
        if (not offsets or letter.offset in offsets)
        and (topic is None or letter.topic == topic)
        and (reason is None or reason.lower() in letter.reason.lower())
    ]


def print_list(settings: Settings, topic: str | None, reason: str | None, *, every: bool) -> None:
    """Print a line a letter: those that wait, or with `every` those sent again, too."""
    found = pick(asyncio.run(read_dead_letters(settings)), (), topic, reason)
    waiting = [letter for letter in found if every or letter.sent_again is None]
    for letter in waiting:
        where = f"{letter.topic}/{letter.partition}/{letter.source_offset}"
        field = letter.field or "-"
        state = f"sent again {letter.sent_again}" if letter.sent_again else "waits"
        click.echo(
            f"{letter.offset:>6}  {letter.at}  {where:<24}  {field:<14}"
            f"  {letter.reason[:REASON_WIDTH]:<{REASON_WIDTH}}  {state}"
        )
    left = sum(letter.sent_again is None for letter in found)
    click.echo(f"{left} waiting, {len(found) - left} sent again", err=True)


def print_one(settings: Settings, offset: int, *, raw: bool) -> None:
    """Print a letter as JSON, or the original bytes alone."""
    (letter,) = pick(asyncio.run(read_dead_letters(settings)), (offset,), None, None)
    if raw:
        click.get_binary_stream("stdout").write(letter.value or b"")
        return
    click.echo(orjson.dumps(letter.report(), option=orjson.OPT_INDENT_2).decode())


def replay(
    settings: Settings,
    chosen: tuple[tuple[int, ...], str | None, str | None],
    change: tuple[tuple[str, ...], tuple[str, ...], Path | None],
    *,
    dry: bool,
) -> bool:
    """Mend and send; True if none was refused again."""
    assignments, dropped, file = change
    found = [
        one for one in pick(asyncio.run(read_dead_letters(settings)), *chosen) if not one.sent_again
    ]
    if file is not None and len(found) != 1:
        raise click.ClickException("--value is for one letter: name its offset")
    try:
        mend = mending(assignments, dropped, file.read_bytes() if file else None)
        if dry:
            for letter in found:
                click.echo(f"{letter.offset}: {shown(mend(letter.value))}")
            return True
        outcomes = asyncio.run(send_again(settings, found, mend, settings.clock()))
    except CannotMend as error:
        raise click.ClickException(str(error)) from error
    for outcome in outcomes:
        click.echo(summary(outcome))
    return all(outcome.rejected is None for outcome in outcomes)


def summary(outcome: Outcome) -> str:
    """Say in a line what became of a letter."""
    if outcome.rejected is None:
        return f"{outcome.dead_letter.offset}: sent to {outcome.topic}"
    where = f", field {outcome.rejected.field}" if outcome.rejected.field else ""
    return f"{outcome.dead_letter.offset}: still refused{where}: {outcome.rejected.reason}"
