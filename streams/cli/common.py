"""What commands share: options, settings, and one clear line for whatever goes wrong."""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from streams.config.declaration import BadSetting
from streams.config.settings import Settings

if TYPE_CHECKING:
    from streams.config.rules import Rules

T = TypeVar("T")
KAFKA = click.option("--bootstrap", metavar="HOST:PORT", help="The Kafka to talk to.")
HOST = click.option("--host", default="127.0.0.1", show_default=True, help="The address to bind.")


class Configuration(NamedTuple):
    """The settings and the rules in force, read once per process."""

    settings: Settings
    rules: "Rules"


def settings(**given: Any) -> Settings:
    """Read the settings of `configuration`; its rules are checked as well."""
    return configuration(**given).settings


def configuration(**given: Any) -> Configuration:
    """Read the environment, apply the options of the command line, and read the rules file.

    Rules that cannot be used end the command with exit code 2.
    """
    # Rules name KPIs, which are declared by importing them.
    from streams.config.rules import read
    from streams.wiring.catalogue import catalogue

    found = settings_alone(**given)
    try:
        rules = read(found.rules)
        catalogue(found, rules)
    except BadSetting as error:
        raise BadRules(str(error)) from error
    return Configuration(found, rules)


def settings_alone(**given: Any) -> Settings:
    """Read the settings as `settings` does, without a look at the rules file."""
    try:
        found = Settings.from_environment()
        return replace(found, **{name: value for name, value in given.items() if value is not None})
    except BadSetting as error:
        raise click.ClickException(str(error)) from error


class BadRules(click.ClickException):
    """A rules file that cannot be used; the message is one line that names the line at fault."""

    exit_code = 2


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; what it refuses to do becomes one clear line."""
    return attempt(lambda: asyncio.run(work))


def attempt(work: Callable[[], T]) -> T:
    """Do something that talks to Kafka; what goes wrong becomes one clear line."""
    from aiokafka.errors import KafkaError

    from streams.kafka.errors import Fatal

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it says is said below
    try:
        return work()
    except (BadSetting, Fatal) as error:
        raise click.ClickException(str(error)) from error
    except KafkaError as error:
        raise click.ClickException(
            f"Kafka: {error}; is it running at SALES_KPIS_BOOTSTRAP? `sales-kpis doctor` looks"
        ) from error


def print_rejected(line: int, field: str | None, reason: str) -> None:
    """Tell which line of a file is no event, and why."""
    click.echo(f"line {line}{f', field {field}' if field else ''}: {reason}", err=True)


async def print_lines(lines: AsyncGenerator[bytes, None], follow: bool) -> None:
    """Print lines as they come, each at once if there is no end of them."""
    async for line in lines:
        sys.stdout.buffer.write(line + b"\n")
        if follow:
            sys.stdout.buffer.flush()


def stops_quietly(command: Callable[..., None]) -> Callable[..., None]:
    """Let Ctrl-C and a closed pipe end a command without a trace."""

    @wraps(command)
    def wrapped(*args: Any, **named: Any) -> None:
        try:
            command(*args, **named)
        except KeyboardInterrupt:
            sys.exit(130)
        except BrokenPipeError:
            sys.stderr.close()

    return wrapped
