"""The terminal output of `sales-kpis verify`."""

import asyncio

import click

from streams.cli.progress import bar
from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.kafka import topics
from streams.operations.verification.verify import Verdict, verify
from streams.process.logs import escaped
from streams.wiring.core import build_core

# Further ones are only counted: one bug can make every cell wrong.
LISTED = 50
LISTED_NAMES = 10
TEXT_LENGTH = 200


def print_verdict(settings: Settings, rules: Rules) -> bool:
    """Verify with a bar where there is a terminal; return whether nothing is wrong."""
    with bar("verifying") as on_progress:

        async def work() -> Verdict:
            await topics.check(settings)
            return await verify(settings, build_core(settings, rules), on_progress)

        verdict = asyncio.run(work())
    _report(verdict)
    return verdict.is_right


def _report(verdict: Verdict) -> None:
    if verdict.other_catalogue:
        names = ", ".join(verdict.other_catalogue[:LISTED_NAMES])
        more = len(verdict.other_catalogue) - LISTED_NAMES
        click.echo(
            f"nothing compared: the workers have other settings, rules or KPIs than this command;"
            f" sales.catalogue differs in {names}{f' and {more} more' if more > 0 else ''}\n"
            "give verify the workers' settings, rules file and version, or restart the workers"
        )
        return
    for number in verdict.unready:
        click.echo(
            f"partition {number} is being processed again after a crash:"
            " its cells were not compared"
        )
    for missing in verdict.missing[:LISTED]:
        click.echo(
            f"{missing.topic}/{missing.partition} offset {missing.offset}: the event is not in the"
            f" state of partition {missing.home}, which has its subject"
        )
    for difference in verdict.wrong[:LISTED]:
        found, wanted = _short(difference.found), _short(difference.wanted)
        key = f"{difference.topic} {escaped(difference.key)}"
        click.echo(f"{key}\n  found  {found}\n  wanted {wanted}")
    more = max(0, len(verdict.missing) - LISTED) + max(0, len(verdict.wrong) - LISTED)
    if more:
        click.echo(f"and {more:,} more")
    result = "all right"
    if not verdict.is_right:
        result = f"{len(verdict.missing):,} events missing, {len(verdict.wrong):,} wrong"
    click.echo(
        f"{verdict.events:,} events, {verdict.cells:,} cells and {verdict.records:,} records"
        f" verified: {result}"
    )


def _short(text: str | None) -> str:
    if text is None:
        return "nothing"
    return escaped(text if len(text) <= TEXT_LENGTH else f"{text[:TEXT_LENGTH]}...")
