"""`python -m tests.gateway.fuzz`: random requests of every source against a real gateway."""

import argparse
import asyncio
import sys
import time

from streams.broker.embedded import EmbeddedKafka
from streams.config.settings import Settings
from streams.kafka.topics import apply
from tests.gateway.fuzz.requests import fuzzed_settings
from tests.gateway.fuzz.run import chosen, run, summary
from tests.gateway.processes import process
from tests.gateway.sending import TOKEN

SHOWN = 10


async def main(inputs: int, seed: int, names: list[str]) -> bool:
    """Fuzz the sources and print a line for each; return whether all is well."""
    is_fine = True
    with EmbeddedKafka() as broker:
        settings, targets = fuzzed_settings(Settings(bootstrap=broker.bootstrap, token=TOKEN))
        await apply(settings)
        async with process(settings) as (child, url):
            for target in chosen(targets, names):
                begun = time.monotonic()
                outcome = await run(url, child.pid, target, inputs, seed)
                show(summary(target.name, outcome, time.monotonic() - begun))
                for failure in outcome.failures[:SHOWN]:
                    show(f"  {failure[:2_000]}")
                is_fine = is_fine and not outcome.failures
    return is_fine


def show(line: str) -> None:
    """Write a line at once: a run may last hours."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.gateway.fuzz")
    parser.add_argument("--inputs", type=int, default=100_000, help="requests of each source")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("sources", nargs="*", help="all, unless some are named")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(0 if asyncio.run(main(given.inputs, given.seed, given.sources)) else 1)
