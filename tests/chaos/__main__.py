"""`python -m tests.chaos`: causes faults on purpose and reports whether anything is wrong."""

import asyncio
import logging
import secrets
import signal
import sys
import tempfile
from pathlib import Path

import click

from tests.chaos.mutants import MUTANTS
from tests.chaos.plan import PLANS, aimed
from tests.chaos.report import show
from tests.chaos.run import run


@click.command()
@click.option("--plan", "name", type=click.Choice(list(PLANS)), default="short", show_default=True)
@click.option("--seed", type=int, help="Default: a new one, which is printed.")
@click.option("--mutant", type=click.Choice(list(MUTANTS)), help="Break a rule of the protocol.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep logs and files here.")
@click.option("--json", "to", type=click.Path(path_type=Path), help="Write the report here.")
def main(
    name: str, seed: int | None, mutant: str | None, folder: Path | None, to: Path | None
) -> None:
    """Run a plan; exit 0 if all is exact, or if a mutant was caught."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # Kafka is away on purpose
    seed = secrets.randbelow(10**6) if seed is None else seed
    broken = MUTANTS.get(mutant or "")
    plan = aimed(seed, broken.faults, *broken.points) if broken else PLANS[name](seed)
    click.echo(f"seed {seed}: {plan.text()}")
    with tempfile.TemporaryDirectory(prefix="chaos-") as temporary:
        folder = folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        report = asyncio.run(run(plan, folder, mutant or "", report_fault=click.echo))
        show(report, to)
    is_wrong = bool(report["wrong"])
    sys.exit(is_wrong is not bool(mutant))


if __name__ == "__main__":
    main()
