"""`sales-kpis verify`, as it looks in a terminal."""

import asyncio

import click

from streams.cli.progress import bar
from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.kafka import topics
from streams.operations.verify import Verdict, verify
from streams.process.logs import escaped
from streams.wiring.core import build_core

# The rest is counted: one bug can make every cell wrong.
LISTED = 50
TEXT_LENGTH = 200


def print_verdict(settings: Settings, rules: Rules) -> bool:
    """Verify everything, with a bar where there is a terminal; True if nothing is wrong."""
    with bar("verifying") as progressed:

        async def work() -> Verdict:
            await topics.check(settings)
            return await verify(settings, build_core(settings, rules), progressed)

        verdict = asyncio.run(work())
    _report(verdict)
    return not verdict.wrong


def _report(verdict: Verdict) -> None:
    for number in verdict.unready:
        click.echo(f"shard {number} is reading again after a crash: its cells were not compared")
    for difference in verdict.wrong[:LISTED]:
        found, wanted = _short(difference.found), _short(difference.wanted)
        place = f"{difference.topic} {escaped(difference.key)}"
        click.echo(f"{place}\n  holds  {found}\n  wanted {wanted}")
    if len(verdict.wrong) > LISTED:
        click.echo(f"and {len(verdict.wrong) - LISTED:,} more")
    told = f"{verdict.cells:,} cells and {verdict.records:,} records verified"
    click.echo(f"{told}: {len(verdict.wrong):,} wrong" if verdict.wrong else f"{told}: all right")


def _short(text: str | None) -> str:
    if text is None:
        return "nothing"
    return escaped(text if len(text) <= TEXT_LENGTH else f"{text[:TEXT_LENGTH]}...")
