"""`python -m tests.model [SCHEDULES [OF_EACH_MUTANT]]`: a table of what was found."""

import sys
import time
from dataclasses import astuple, replace

import click

from tests.model.playing import many
from tests.model.rules import (
    MUTANTS,
    PROTOCOL,
    Rules,
)

HEADINGS = "wrong", "restart", "restless", "unexpl.", "back", "left", "unread", "gaps"


def line(name: str, rules: Rules, schedules: int) -> bool:
    """Play and print; True if nothing was found."""
    began = time.monotonic()
    found, seen = many(rules, schedules)
    figures = "".join(f"{figure:9d}" for figure in astuple(found))
    click.echo(f"{name:24}{schedules:9d}{figures}{time.monotonic() - began:8.0f} s")
    if name.startswith("protocol"):
        click.echo("  " + ", ".join(f"{what} {n:,}" for what, n in sorted(seen.items())))
    return found.is_clean


@click.command()
@click.argument("schedules", type=int, default=10_000)
@click.argument("of_each_mutant", type=int, default=0)
def main(schedules: int, of_each_mutant: int) -> None:
    """Exit 0 if no schedule of the protocol breaks a promise."""
    click.echo(f"{'':24}{'schedules':>9}" + "".join(f"{it:>9}" for it in HEADINGS))
    is_clean = line("protocol, late requests", PROTOCOL, schedules)
    is_clean &= line("protocol, none late", replace(PROTOCOL, late=False), schedules)
    for name, mutant in MUTANTS.items() if of_each_mutant else ():
        line(name, mutant.rules, of_each_mutant)
    sys.exit(not is_clean)


if __name__ == "__main__":
    main()
